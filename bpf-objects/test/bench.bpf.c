/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Measures an XDP program by test runs: makes the frame of the next flow, whatever the run before left of it, and tail-calls
 * the program under test. The same wrapper around loom_pass is the floor; it does the same work, adjust_head included, so the
 * difference is the program's. itests/bench sets the constants, the flows and the target. For live frames also a program
 * that only sends frames back, and one that ends them.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define BENCH_FRAME 96 /* bytes */

/* What tells one flow from the others. */
struct bench_flow {
	__be32 address; /* the last word of an IP address */
	__be16 port;
	__u8 signals; /* flags of its TCP segment */
	__u8 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bench_flow);
} bench_flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} bench_target SEC(".maps");

/* Frames that came to their end. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} bench_arrived SEC(".maps");

const volatile __u64 bench_frame[BENCH_FRAME / 8]; /* with zeros where the flow's address and port go */
const volatile __u32 bench_flow_count = 1;
const volatile __u32 bench_address_at; /* offsets in the frame */
const volatile __u32 bench_port_at;
const volatile __u32 bench_signals_at; /* 0: there are none */
const volatile __u32 bench_check_at;  /* of the IPv4 header's checksum; 0: there is none */
const volatile __u32 bench_check_sum; /* of the IPv4 header without address and checksum, folded */

__u32 bench_next;

static __always_inline void bench_flow_write(void *data, const struct bench_flow *flow)
{
	__u32 sum = bench_check_sum + (flow->address & 0xffff) + (flow->address >> 16);

	*(__be32 *)(data + bench_address_at) = flow->address;
	*(__be16 *)(data + bench_port_at) = flow->port;
	if (bench_signals_at)
		*(__u8 *)(data + bench_signals_at) = flow->signals;
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	if (bench_check_at)
		*(__u16 *)(data + bench_check_at) = ~sum;
}

SEC("xdp")
int loom_bench(struct xdp_md *ctx)
{
	__u32 index = bench_next;
	struct bench_flow *flow = bpf_map_lookup_elem(&bench_flows, &index);
	int grown = (int)(ctx->data_end - ctx->data) - BENCH_FRAME;
	__u64 *data;

	bench_next = index + 1 < bench_flow_count ? index + 1 : 0;
	if (!flow || bpf_xdp_adjust_head(ctx, grown))
		return XDP_ABORTED;
	data = (void *)(long)ctx->data;
	if ((void *)data + BENCH_FRAME > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
#pragma unroll
	for (int i = 0; i < BENCH_FRAME / 8; i++)
		data[i] = bench_frame[i];
	bench_flow_write(data, flow);
	bpf_tail_call(ctx, &bench_target, 0);
	return XDP_ABORTED;
}

SEC("xdp")
int loom_bench_bounce(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_TX;
}

SEC("xdp")
int loom_bench_sink(struct xdp_md *ctx)
{
	__u32 zero = 0;
	__u64 *arrived = bpf_map_lookup_elem(&bench_arrived, &zero);

	(void)ctx;
	if (arrived)
		(*arrived)++;
	return XDP_DROP;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
