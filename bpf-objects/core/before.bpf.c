/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Around a program of the operator's that runs before Loom's: what it passes goes on, what it ends is counted. Never attached as
 * it is: loom-datapath puts the operator's instructions in the place of loom_own (docs/adr/0019-programs-of-the-operator.md).
 */
#include "verdict.h"

/* The programs that a frame meets one after the other; the last is Loom's, or the one that replaces it. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, LOOM_CHAIN);
} loom_chain SEC(".maps");

/* Whose turn it is after this one. Set before load, so that the kernel jumps there directly. */
const volatile __u32 loom_next = 1;

/* Weak, or clang would know what it returns. */
__weak __hidden __noinline int loom_own(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}

SEC("xdp")
int loom_before(struct xdp_md *ctx)
{
	__u32 bytes_in = loom_frame_length(ctx);
	int action = loom_own(ctx);

	switch (action) {
	case XDP_PASS:
		bpf_tail_call(ctx, &loom_chain, loom_next);
		loom_verdict_count(LOOM_DROP_INTERNAL, bytes_in, 0); /* the chain is broken */
		return XDP_DROP;
	case XDP_TX:
	case XDP_REDIRECT:
		loom_verdict_count(LOOM_SENT_BEFORE, bytes_in, loom_frame_length(ctx));
		return action;
	case XDP_DROP:
		loom_verdict_count(LOOM_DROP_BEFORE, bytes_in, 0);
		return action;
	}
	loom_verdict_count(LOOM_DROP_BEFORE_ABORTED, bytes_in, 0);
	return XDP_ABORTED;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
