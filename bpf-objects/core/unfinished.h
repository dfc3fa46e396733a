/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Checksums that nobody has filled in. A host that shares a link with this one by software alone (veth, a bridge of containers) may leave
 * that to a card which its packets never meet: with tx checksum offload the TCP or UDP checksum holds the sum of the pseudo-header and
 * nothing else. The kernel knows it of a packet that it passes on; a frame that native XDP sends has lost that, and its receiver drops it in
 * silence. So those are counted, by the interface that they came in on. In generic mode the kernel still fills it in behind XDP, and nat has to
 * leave it what that starts from; there, packets can also be several segments in one (GRO, TSO). Only core asks, of first packets where an
 * interface is of software alone, and of all where generic mode is allowed: it makes a SYN a sixth dearer, and a card sends none such.
 */
#ifndef LOOM_CORE_UNFINISHED_H
#define LOOM_CORE_UNFINISHED_H

#include <linux/in.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <loom/checksum.h>
#include <loom/forward.h>
#include "exit.h"
#include "stretch.h"
#include "work.h"

/* Options, set before load: an interface may run in generic mode; one is of software alone. */
const volatile __u32 loom_generic = 0;
const volatile __u32 loom_software = 0;

/* Of an interface that has the program; the control plane makes and removes the entries. */
struct loom_offload {
	__u64 unfinished; /* packets that were sent on with such a checksum, in native mode */
	__u64 oversized;  /* packets of several segments that were too big for where they had to go, in generic mode */
	__u32 generic;    /* 1: the program runs in generic mode there */
	__u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, struct loom_offload);
	__uint(max_entries, 1024);
} loom_offloads SEC(".maps");

/* The sum over the pseudo-header (RFC 9293 section 3.1, RFC 8200 section 8.1). */
static __always_inline __u32 loom_pseudo_sum(const struct loom_packet *packet)
{
	__u64 sum = (__u64)packet->source[0] + packet->destination[0] +
		    bpf_htons(packet->length - (packet->l4 - packet->l3)) + bpf_htons(packet->protocol);

	if (packet->family == 6) {
#pragma unroll
		for (int i = 1; i < 4; i++)
			sum += (__u64)packet->source[i] + packet->destination[i];
	}
	return loom_sum_fold(sum);
}

/*
 * What a packet is whose checksum is `pseudo`, the sum of its pseudo-header: LOOM_PACKET_UNFINISHED or LOOM_PACKET_FINISHED_LATER, unless
 * that is right as it is, which one in 65536 is. One too long to be summed is several segments in one, which have no other. A
 * global function of numbers alone, so that the verifier walks it once.
 */
__noinline int loom_unfinished_judge(struct xdp_md *ctx, __u32 l4, __u32 length, __u32 pseudo)
{
	__u32 ifindex = ctx->ingress_ifindex;
	const struct loom_offload *offload = bpf_map_lookup_elem(&loom_offloads, &ifindex);

	if (!offload || l4 > 0x7f)
		return 0;
	if (length <= LOOM_STRETCH_BYTES && loom_sum_fold(loom_stretch_sum(ctx, l4, length) + pseudo) == 0xffff)
		return 0;
	return offload->generic ? LOOM_PACKET_FINISHED_LATER : LOOM_PACKET_UNFINISHED;
}

/* The same with what follows from it; only of packets that look like it. */
static __always_inline int loom_unfinished_note(struct xdp_md *ctx, struct loom_packet *packet, __u32 pseudo)
{
	int kind;

	if (packet->fragment || packet->related)
		return 0;
	kind = loom_unfinished_judge(ctx, packet->l4, packet->length - (packet->l4 - packet->l3), pseudo);
	packet->found |= kind;
	if (kind == LOOM_PACKET_FINISHED_LATER && packet->length > loom_device_mtu(ctx->ingress_ifindex))
		packet->found |= LOOM_PACKET_SEGMENTS;
	return 0;
}

/* Whether a packet of TCP or UDP has such a checksum; what it is goes to packet->found. A function of its own for the sake of core's stack. */
static __noinline int loom_unfinished_look(struct xdp_md *ctx, struct loom_packet *packet)
{
	__u32 at = packet->protocol == IPPROTO_UDP ? __builtin_offsetof(struct udphdr, check)
						   : __builtin_offsetof(struct tcphdr, check);
	__u16 *checksum = (void *)(long)ctx->data + loom_packet_l4(packet) + at;
	__u32 pseudo;

	if ((void *)(checksum + 1) > (void *)(long)ctx->data_end)
		return 0;
	pseudo = loom_pseudo_sum(packet);
	return *checksum == pseudo ? loom_unfinished_note(ctx, packet, pseudo) : 0;
}

/*
 * The packet that is being answered, if the kernel will finish its checksum in the frame of the answer: it does not know that this is another
 * packet. Else NULL.
 */
static __always_inline const struct loom_packet *loom_unfinished_asked(void)
{
	const struct loom_packet *packet = loom_generic ? loom_work_now() : NULL;

	return packet && packet->found & LOOM_PACKET_FINISHED_LATER ? packet : NULL;
}

/* A packet was sent on, or was too big. Seldom: of those that loom_unfinished_look() has found. */
static __noinline int loom_unfinished_count(struct xdp_md *ctx, const struct loom_packet *packet, int verdict)
{
	__u32 ifindex = ctx->ingress_ifindex;
	struct loom_offload *offload = bpf_map_lookup_elem(&loom_offloads, &ifindex);

	if (!offload)
		return 0;
	if (packet->found & LOOM_PACKET_UNFINISHED && (verdict == LOOM_FORWARD || verdict == LOOM_REPLY))
		__sync_fetch_and_add(&offload->unfinished, 1);
	if (packet->found & LOOM_PACKET_SEGMENTS && verdict == LOOM_DROP_TOO_BIG)
		__sync_fetch_and_add(&offload->oversized, 1);
	return 0;
}

#endif
