/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The one exit: a verdict becomes a counter, an XDP action and, if somebody looks, a line of the trace. */
#ifndef LOOM_CORE_EXIT_H
#define LOOM_CORE_EXIT_H

#include "trace.h"
#include "verdict.h"
#include "work.h"

/* Interfaces that frames may leave on, by ifindex; on a trunk they are many. */
struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP_HASH);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 1024);
} loom_devices SEC(".maps");

/* The largest IP packets that they carry, by ifindex. The kernel drops larger ones that are redirected, and nobody hears of it. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 1024);
} loom_mtus SEC(".maps");

__hidden __u32 loom_device_mtu(__u32 ifindex)
{
	__u32 *mtu = bpf_map_lookup_elem(&loom_mtus, &ifindex);

	return mtu ? *mtu : 0;
}

static __always_inline int loom_verdict_sends(int verdict)
{
	return (verdict >= LOOM_FORWARD && verdict <= LOOM_ICMP_ERROR) || verdict == LOOM_REFUSED || verdict == LOOM_RESET;
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

/* The packet goes, or ends here. `backend` is its number, for the trace; 0: none. */
static __always_inline int loom_exit(struct xdp_md *ctx, const struct loom_work *work, int verdict, __u32 backend)
{
	int action = XDP_DROP;
	__u32 bytes_out = 0;

	if (loom_verdict_sends(verdict)) {
		action = loom_send(ctx, &work->packet, &verdict);
		if (action != XDP_DROP)
			bytes_out = loom_frame_length(ctx);
	} else if (loom_verdict_is_pass(verdict)) {
		action = XDP_PASS;
	}
	loom_verdict_count(verdict, work->bytes_in, bytes_out);
	if (loom_trace_find())
		loom_trace_packet(ctx, verdict, backend, bytes_out);
	return action;
}

#endif
