/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The connection table as core sees it. cache.h and hash.h each define these functions, loom_conn_answer() and the maps. Core
 * is compiled once with each, because a call less is 6 of 90 ns of a packet; which object is linked is chosen at run time.
 */
#ifndef LOOM_CONNTRACK_CONNTRACK_H
#define LOOM_CONNTRACK_CONNTRACK_H

#include <loom/conntrack.h>

/* Options, defined by core, set before load. */
extern const volatile __u32 loom_conn_sets4; /* sets of the cache, for a table that consists of such */
extern const volatile __u32 loom_conn_sets6;

/*
 * The connection of the packet. Copies it to conn on a hit, after moving on its state (signals) and its last-seen tick; one that
 * is opened anew is copied as it was.
 * Returns LOOM_CONN_* bits; 0 when there is none or it has timed out.
 */
static int loom_conn_find(const struct loom_packet *packet, struct loom_conn *conn);

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
static int loom_conn_add(const struct loom_packet *packet, struct loom_conn *conn);

/*
 * The word after a packet from one side: once a tick and when the state changes, out of the way of the packets in between. A global
 * function, so that the verifier walks through the states once and not for every state of its caller; and of numbers alone, as
 * Linux 5.10 wants it.
 */
__noinline __u64 loom_conn_next(__u64 word, __u8 signals, __u8 options, __u32 now, __u32 side)
{
	struct loom_packet packet = {.signals = signals, .options = options, .now = now};

	return loom_word_move(word, &packet, side);
}

#endif
