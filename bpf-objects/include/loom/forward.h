/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the BPF object of a forwarding method implements. Every global that it defines carries the placeholder _slotXX, which
 * the linker step renames to the slot it gets (_slot00 to _slot07), or is prefixed with the method's own name.
 *
 * A hook returns an enum loom_verdict: LOOM_FORWARD or LOOM_REPLY once the frame is ready to leave on the interface that it
 * wrote to packet->egress, LOOM_METHOD_DROP(i) for its own reasons, another verdict of core where it fits. The packet is as it
 * came in when loom_forward returns LOOM_DROP_TOO_BIG, with packet->fits set, or LOOM_DROP_TTL: core tells its sender by ICMP; of
 * replies those that are too big.
 *
 * Hash maps of a method have values that begin with a connection's word: the control plane sizes them like the connection table
 * and deletes their expired entries. An array of one entry whose name ends with _moved gets two ticks, of 32 bits each: when a
 * neighbour got another MAC address, and when the interfaces changed on which the program runs. What a method has learned of the
 * way to a client may be wrong since. One of 1024 words of 64 bits whose name ends with _taken has a bit for each port that somebody has at an
 * address of this host, lowest first: no connection may begin with it there.
 */
#ifndef LOOM_FORWARD_H
#define LOOM_FORWARD_H

#include <loom/conntrack.h>

/* Option of core, set before load: an interface may run in generic mode, in which LOOM_PACKET_FINISHED_LATER and _SEGMENTS are seen. */
extern const volatile __u32 loom_generic;

/* Core's: the largest IP packet that an interface carries; 0: unknown. */
extern __hidden __u32 loom_device_mtu(__u32 ifindex);

/* Sends one packet of a tracked (or, under direct methods, untracked) flow to its backend. Required. */
__hidden int loom_forward_slotXX(struct xdp_md *ctx, struct loom_packet *packet, struct loom_conn *conn,
				 const struct loom_backend *backend);

/*
 * Called for a new connection before it is tracked; may set conn->cookie. Returns LOOM_CONTINUE or a drop. Optional.
 */
__hidden int loom_open_slotXX(struct xdp_md *ctx, struct loom_packet *packet, struct loom_conn *conn,
			      const struct loom_backend *backend);

/*
 * Called for a packet that no listener wants: a reply of a backend? Returns LOOM_CONTINUE if it is none of the method's.
 * Optional.
 */
__hidden int loom_reply_slotXX(struct xdp_md *ctx, struct loom_packet *packet);

/*
 * Called for a packet to a listener which is of no connection to that: whether it is a reply all the same, since the listener came to an address
 * and port that a connection of the method's had. Then loom_reply is called for it. Changes nothing. Optional, for those with a loom_reply.
 */
__hidden int loom_expects_slotXX(const struct loom_packet *packet);

/* Whether the packet does not fit a link for this reason alone: that it is several segments in one, which leave as they came. */
static __always_inline int loom_packet_is_segments(const struct loom_packet *packet)
{
	return loom_generic && packet->found & LOOM_PACKET_SEGMENTS;
}

#endif
