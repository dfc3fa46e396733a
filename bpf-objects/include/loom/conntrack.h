/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The connection table as the forwarding methods see it; conntrack/conntrack.h is the part that only core sees. Keys come from the packet as the client sent it: source address and port, listener number.
 */
#ifndef LOOM_CONNTRACK_H
#define LOOM_CONNTRACK_H

#include <loom/age.h>

/* Option of core, set before load: secret, so that nobody can aim at one place of a table. */
extern const volatile __u64 loom_conn_seed;

/* Result bits of loom_conn_find(), also in loom_packet.found. */
#define LOOM_CONN_HIT 1
#define LOOM_CONN_REFRESHED 2 /* state or last-seen tick moved: a method that keeps a twin entry refreshes it now */
#define LOOM_CONN_REOPENED 4  /* alone: a SYN on a connection that was closing, which is in conn; a new one takes its place */
#define LOOM_CONN_REVIVED 8   /* a new connection has gone on in the place of one that was closing */

/*
 * For methods that see replies; no error if the connection is gone. The server has answered: moves the connection's state on. The
 * packet is the client's view of it (source is the client) with the server's signals. With LOOM_SIDE_BOTH it is the client's own,
 * which acknowledges the server's SYN: the handshake is over.
 */
extern __hidden int loom_conn_answer(const struct loom_packet *packet, __u32 side);

/* The method has given the connection of the packet, which was found, another cookie. Returns 0, or -1 if it has no place. */
extern __hidden int loom_conn_renew(const struct loom_packet *packet, struct loom_conn *conn);

#endif
