/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Passes every frame. A veth only takes frames that its peer sends by XDP_TX if it runs an XDP program itself; this is the
 * one to attach there, and the floor of benches.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int loom_pass(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
