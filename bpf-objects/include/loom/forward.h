/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the BPF object of a forwarding method implements. Every global that it defines carries the placeholder _slotXX, which
 * the linker step renames to the slot it gets (_slot00 to _slot07), or is prefixed with the method's own name.
 *
 * A hook returns an enum loom_verdict: LOOM_FORWARD or LOOM_REPLY once the frame is ready to leave on the interface named by
 * loom_packet_send(), LOOM_METHOD_DROP(i) for its own reasons, another verdict of core where it fits.
 */
#ifndef LOOM_FORWARD_H
#define LOOM_FORWARD_H

#include <loom/conntrack.h>

struct xdp_md;

/* Sends one packet of a tracked (or, under direct methods, untracked) flow to its backend. Required. */
__hidden int loom_forward_slotXX(struct xdp_md *ctx, const struct loom_packet *packet, struct loom_conn *conn,
				 const struct loom_backend *backend);

/*
 * Called for a new connection before it is tracked; may set conn->cookie. Returns LOOM_CONTINUE or a drop. Optional.
 */
__hidden int loom_open_slotXX(struct xdp_md *ctx, const struct loom_packet *packet, struct loom_conn *conn,
			      const struct loom_backend *backend);

/*
 * Called for a packet that no listener wants: a reply of a backend? Returns LOOM_CONTINUE if it is none of the method's.
 * Optional.
 */
__hidden int loom_reply_slotXX(struct xdp_md *ctx, const struct loom_packet *packet);

#endif
