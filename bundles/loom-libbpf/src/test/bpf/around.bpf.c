/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A program with one function, in whose place another program can stand: returns its answer plus a constant. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

const volatile __u32 around_more = 100;

__weak __hidden __noinline int around_inner(struct xdp_md *ctx)
{
	(void)ctx;
	return 0;
}

SEC("xdp")
int around(struct xdp_md *ctx)
{
	return around_inner(ctx) + around_more;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
