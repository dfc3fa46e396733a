/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Fills the room in front of the frame before it tail-calls the program under test. A test run hands out zeroed headroom,
 * drivers do not: a header byte that a program forgets to write shows only this way.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define POISON_BYTES 64
#define POISON 0xa5a5a5a5a5a5a5a5ULL

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} poison_target SEC(".maps");

SEC("xdp")
int loom_poison(struct xdp_md *ctx)
{
	__u64 *room;

	if (bpf_xdp_adjust_head(ctx, -POISON_BYTES))
		return XDP_ABORTED;
	room = (void *)(long)ctx->data;
	if ((void *)room + POISON_BYTES > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
#pragma unroll
	for (int i = 0; i < POISON_BYTES / 8; i++)
		room[i] = POISON;
	if (bpf_xdp_adjust_head(ctx, POISON_BYTES))
		return XDP_ABORTED;
	bpf_tail_call(ctx, &poison_target, 0);
	return XDP_ABORTED;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
