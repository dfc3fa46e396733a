/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The one exit: a verdict becomes a counter and an XDP action. Counting never changes a verdict. Also the counters of
 * listeners and backends, which see client-to-backend packets only.
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

/* Interfaces that frames may leave on, by ifindex. */
struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP_HASH);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 64);
} loom_devices SEC(".maps");

/* The largest IP packets that they carry, by ifindex. The kernel drops larger ones that are redirected, and nobody hears of it. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 64);
} loom_mtus SEC(".maps");

__hidden __u32 loom_device_mtu(__u32 ifindex)
{
	__u32 *mtu = bpf_map_lookup_elem(&loom_mtus, &ifindex);

	return mtu ? *mtu : 0;
}

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

static __always_inline int loom_verdict_sends(int verdict)
{
	return verdict >= LOOM_FORWARD && verdict <= LOOM_ICMP_ERROR;
}

static __always_inline int loom_verdict_is_pass(int verdict)
{
	return verdict >= LOOM_PASS_NOT_IP && verdict < LOOM_DROP_TRUNCATED;
}

/* Sends the frame; changes the verdict if the interface is none that Loom was given. */
static __always_inline int loom_send(struct xdp_md *ctx, const struct loom_packet *packet, int *verdict)
{
	if (packet->egress == ctx->ingress_ifindex)
		return XDP_TX;
	if (bpf_redirect_map(&loom_devices, packet->egress, XDP_DROP) == XDP_REDIRECT)
		return XDP_REDIRECT;
	*verdict = LOOM_DROP_INTERNAL;
	return XDP_DROP;
}

static __always_inline int loom_exit(struct xdp_md *ctx, const struct loom_packet *packet, int verdict, __u32 bytes_in)
{
	int action = XDP_DROP;
	__u32 bytes_out = 0;

	if (loom_verdict_sends(verdict))
		action = loom_send(ctx, packet, &verdict);
	else if (loom_verdict_is_pass(verdict))
		action = XDP_PASS;
	if (action == XDP_TX || action == XDP_REDIRECT)
		bytes_out = loom_frame_length(ctx);
	loom_verdict_count(verdict, bytes_in, bytes_out);
	return action;
}

#endif
