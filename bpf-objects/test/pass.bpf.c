/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Passes every frame. The lab puts it on the bridge's ports: a veth accepts what its peer sends by XDP_TX or redirect only
 * if it runs XDP itself.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("xdp")
int loom_lab_pass(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}
