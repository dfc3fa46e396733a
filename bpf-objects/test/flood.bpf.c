/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Millions of packets by one test run: every run makes the frame of the next flow and tail-calls the program under test.
 * Flows are numbered; what address and port a number has depends on the seed, so that the same flows can be sent again with
 * other flags. itests/bpf sets frame, offsets and target.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define FLOOD_FRAME 80 /* bytes: IPv6 and TCP with room to spare */

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} flood_target SEC(".maps");

const volatile __u64 flood_frame[FLOOD_FRAME / 8]; /* with zeros where the flow's address and port go */
const volatile __u64 flood_seed;
const volatile __u32 flood_address_at; /* offsets in the frame */
const volatile __u32 flood_port_at;
const volatile __u32 flood_check_at;  /* of the IPv4 header's checksum; 0: there is none */
const volatile __u32 flood_check_sum; /* of the IPv4 header without address and checksum, folded */

__u64 flood_next; /* number of the next flow */

static __always_inline __u64 flood_mix(__u64 number)
{
	number = (number + flood_seed) * 0x9e3779b97f4a7c15ULL;
	number = (number ^ number >> 29) * 0xbf58476d1ce4e5b9ULL;
	return number ^ number >> 32;
}

static __always_inline void flood_flow_write(void *data, __u64 flow)
{
	__u32 address = flow >> 32, sum = flood_check_sum + (address & 0xffff) + (address >> 16);

	*(__u32 *)(data + flood_address_at) = address;
	*(__u16 *)(data + flood_port_at) = flow;
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	if (flood_check_at)
		*(__u16 *)(data + flood_check_at) = ~sum;
}

SEC("xdp")
int loom_flood(struct xdp_md *ctx)
{
	int grown = (int)(ctx->data_end - ctx->data) - FLOOD_FRAME;
	__u64 *data;

	if (bpf_xdp_adjust_head(ctx, grown))
		return XDP_ABORTED;
	data = (void *)(long)ctx->data;
	if ((void *)data + FLOOD_FRAME > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
#pragma unroll
	for (int i = 0; i < FLOOD_FRAME / 8; i++)
		data[i] = flood_frame[i];
	flood_flow_write(data, flood_mix(flood_next++));
	bpf_tail_call(ctx, &flood_target, 0);
	return XDP_ABORTED;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
