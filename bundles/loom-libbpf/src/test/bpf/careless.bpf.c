/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Reads a packet without looking where it ends: the verifier must refuse it. For tests only. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int careless(struct xdp_md *ctx)
{
	return *(__u8 *)(long)ctx->data;
}

char _license[] SEC("license") = "Dual BSD/GPL";
