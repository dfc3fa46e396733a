/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The connection table as core sees it. One object under conntrack/ defines these functions and its maps; which one is linked
 * is chosen at run time. Keys come from the packet: client address and port, listener number.
 */
#ifndef LOOM_CONNTRACK_H
#define LOOM_CONNTRACK_H

#include <loom/packet.h>

struct xdp_md;

/*
 * The connection of the packet. Returns 1 and copies it to conn on a hit, after moving its state on (TCP flags) and its
 * last-seen time (when it differs by a second or more); 0 when there is none or it has timed out. Bit 1 of the result
 * (LOOM_CONN_REFRESHED) says that the last-seen time or state moved: a method that keeps a twin entry refreshes it then.
 */
#define LOOM_CONN_HIT 1
#define LOOM_CONN_REFRESHED 2
extern __hidden int loom_conn_find(const struct loom_packet *packet, struct loom_conn *conn);

/*
 * Tracks a new connection, or replaces the backend and cookie of one that was found but must choose anew.
 * Returns 0, or -1 if the table refused it. If another CPU was first, conn then holds the winner's values and 1 is returned.
 */
extern __hidden int loom_conn_add(const struct loom_packet *packet, struct loom_conn *conn);

/* Timeout of a state in jiffies; set before load, index enum loom_conn_state. */
extern const volatile __u32 loom_timeouts[LOOM_CONN_STATES + 3];

#endif
