/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The connection table as core and the forwarding methods see it. One object under conntrack/ defines these functions and its
 * maps; which one is linked is chosen at run time. Keys come from the packet as the client sent it: source address and port,
 * listener number.
 */
#ifndef LOOM_CONNTRACK_H
#define LOOM_CONNTRACK_H

#include <loom/age.h>

/* Options of core, set before load. */
extern const volatile __u32 loom_conn_sets4; /* sets of the cache, for a table that consists of such */
extern const volatile __u32 loom_conn_sets6;
extern const volatile __u64 loom_conn_seed;  /* secret: nobody can aim at one set */

/* Result bits of loom_conn_find(), also in loom_packet.found. */
#define LOOM_CONN_HIT 1
#define LOOM_CONN_REFRESHED 2 /* state or last-seen tick moved: a method that keeps a twin entry refreshes it now */
#define LOOM_CONN_REOPENED 4  /* alone: a SYN on a connection that was closing; a new one takes its place */

/*
 * The connection of the packet. Copies it to conn on a hit, after moving on its state (signals) and its last-seen tick.
 * Returns LOOM_CONN_* bits; 0 when there is none or it has timed out.
 */
extern __hidden int loom_conn_find(const struct loom_packet *packet, struct loom_conn *conn);

/* Results of loom_conn_add(). */
enum loom_conn_added {
	LOOM_CONN_REFUSED = -1, /* no room: every place that it may take belongs to an assured connection */
	LOOM_CONN_ADDED = 0,
	LOOM_CONN_LOST = 1,    /* another CPU was first with the same connection: conn is now what that one has entered */
	LOOM_CONN_EVICTED = 2, /* added in the place of a connection that had not timed out */
};

/*
 * Tracks a new connection; in the place of the one that loom_conn_find() called reopened, if packet->found says so.
 */
extern __hidden int loom_conn_add(const struct loom_packet *packet, struct loom_conn *conn);

/*
 * The server has answered: moves the connection's state on. The packet is the client's view of it (source is the client) with
 * the server's signals. For methods that see replies; no error if the connection is gone.
 */
extern __hidden int loom_conn_answer(const struct loom_packet *packet);

#endif
