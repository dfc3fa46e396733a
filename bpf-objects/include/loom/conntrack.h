/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The connection table as core and the forwarding methods see it. One object under conntrack/ defines these functions and its
 * maps; which one is linked is chosen at run time. Keys come from the packet as the client sent it: source address and port,
 * listener number.
 */
#ifndef LOOM_CONNTRACK_H
#define LOOM_CONNTRACK_H

#include <loom/packet.h>

/* Result bits of loom_conn_find(), also in loom_packet.found. */
#define LOOM_CONN_HIT 1
#define LOOM_CONN_REFRESHED 2 /* state or last-seen time moved: a method that keeps a twin entry refreshes it now */
#define LOOM_CONN_REOPENED 4  /* alone: a SYN on a connection that was closing; a new one takes its place */

/*
 * The connection of the packet. Copies it to conn on a hit, after moving on its state (TCP flags) and its last-seen time
 * (when that is a second or more behind). Returns LOOM_CONN_* bits; 0 when there is none or it has timed out.
 */
extern __hidden int loom_conn_find(const struct loom_packet *packet, struct loom_conn *conn);

/*
 * Tracks a new connection. Returns 0, or -1 if the table refused it. If another CPU was first, conn then holds the winner's
 * values and 1 is returned.
 */
extern __hidden int loom_conn_add(const struct loom_packet *packet, struct loom_conn *conn);

/* Writes a new connection in the place of the one that was found. Returns 0, or -1 if the table refused it. */
extern __hidden int loom_conn_replace(const struct loom_packet *packet, const struct loom_conn *conn);

/*
 * The server has answered: moves the connection's state on. The packet is the client's view of it (source is the client) with
 * the server's TCP flags. For methods that see replies; no error if the connection is gone.
 */
extern __hidden int loom_conn_answer(const struct loom_packet *packet);

#endif
