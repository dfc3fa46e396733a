/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Counters: of verdicts, for every frame once, and of listeners and backends, which see client-to-backend packets only. Counting
 * never changes a verdict.
 */
#ifndef LOOM_CORE_VERDICT_H
#define LOOM_CORE_VERDICT_H

#include <loom/packet.h>

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct loom_verdict_count);
	__uint(max_entries, LOOM_VERDICT_LIMIT);
} loom_verdicts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct loom_flow_count);
	__uint(max_entries, 1024);
} loom_bstats SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct loom_flow_count);
	__uint(max_entries, LOOM_LISTENERS);
} loom_lstats SEC(".maps");

static __always_inline __u32 loom_frame_length(struct xdp_md *ctx)
{
	return ctx->data_end - ctx->data;
}

static __always_inline void loom_verdict_count(__u32 verdict, __u32 bytes_in, __u32 bytes_out)
{
	struct loom_verdict_count *count = bpf_map_lookup_elem(&loom_verdicts, &verdict);

	if (!count)
		return;
	count->packets++;
	count->bytes_in += bytes_in;
	if (bytes_out)
		count->bytes_out += bytes_out;
}

static __always_inline void loom_flow_count_packet(struct loom_flow_count *count, __u32 bytes)
{
	if (!count)
		return;
	count->packets++;
	count->bytes += bytes;
}

/* Counts a packet that was sent to its backend. */
static __always_inline void loom_flow_count(const struct loom_packet *packet, __u32 backend)
{
	__u32 listener = packet->listener;

	loom_flow_count_packet(bpf_map_lookup_elem(&loom_lstats, &listener), packet->length);
	loom_flow_count_packet(bpf_map_lookup_elem(&loom_bstats, &backend), packet->length);
}

/* Counts a connection that is tracked from now on. A global function of numbers: the verifier walks it once. */
__noinline int loom_connection_count(__u32 listener, __u32 backend)
{
	struct loom_flow_count *count = bpf_map_lookup_elem(&loom_lstats, &listener);

	if (count)
		count->connections++;
	count = bpf_map_lookup_elem(&loom_bstats, &backend);
	if (count)
		count->connections++;
	return 0;
}

#endif
