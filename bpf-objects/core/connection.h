/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A packet's connection: the one that it is of, or the one that begins with it, with the backend that affinity, table and limits give it.
 * Only balance.h uses this, after the connection table has been included.
 */
#ifndef LOOM_CORE_CONNECTION_H
#define LOOM_CORE_CONNECTION_H

#include "../conntrack/conntrack.h"
#include "legitimate.h"
#include "table.h"
#include "affinity.h"
#include "admission.h"
#include "slots.h"
#include "unfinished.h"
#include "vlan.h"

/* Why the packet cannot go to that backend, or LOOM_CONTINUE. */
static __always_inline int loom_backend_judge(struct xdp_md *ctx, const struct loom_packet *packet,
					      const struct loom_backend *backend)
{
	if (!backend || !backend->ifindex)
		return LOOM_DROP_NO_BACKEND;
	if (backend->vlan[0] && loom_vlan_differs(ctx, packet, backend->vlan[0], backend->vlan[1]))
		return LOOM_DROP_OTHER_VLAN;
	return LOOM_CONTINUE;
}

/*
 * Enters the connection into the table, in the place of the one that was found or as a new one. Another CPU may have been
 * first with the same flow; then conn is what that one has entered.
 */
static __always_inline int loom_connection_track(const struct loom_packet *packet, struct loom_conn *conn,
						 const struct loom_backend *backend)
{
	int added = loom_conn_add(packet, conn);

	if (added == LOOM_CONN_LOST)
		return LOOM_CONTINUE;
	if (added != LOOM_CONN_REFUSED) {
		loom_connection_count(packet->listener, conn->backend);
		if (packet->options & LOOM_LISTENER_GUARDED)
			loom_admission_count(packet, conn->backend);
		if (added == LOOM_CONN_EVICTED)
			loom_verdict_count(LOOM_EVENT_EVICTED, 0, 0);
		return LOOM_CONTINUE;
	}
	loom_verdict_count(LOOM_EVENT_MAP_FULL, 0, 0);
	return backend->flags & LOOM_BACKEND_STATEFUL ? LOOM_DROP_CONNECTIONS_FULL : LOOM_CONTINUE;
}

/*
 * Whether the packet may be of a connection that is in no table because it needed not be, from before its entry changed: that
 * was with the entry's previous backend.
 */
static __always_inline int loom_connection_precedes(const struct loom_packet *packet,
						    const struct loom_listener *listener, __u32 entry)
{
	return listener->flags & (LOOM_LISTENER_DEFER | LOOM_LISTENER_MINIMAL) && entry & LOOM_ENTRY_LOOK &&
	       !loom_signals_open(packet->signals);
}

/* The backend with which a connection begins. `entry` is that of the table, 0 if it has not been read: to read one may take a turn. */
static __noinline __u32 loom_connection_choose(const struct loom_packet *packet, const struct loom_listener *listener,
					       __u32 entry)
{
	__u32 number = listener->affinity ? loom_affinity_find(packet, listener->affinity) : 0;

	if (number && loom_backend_find(number))
		return number;
	if (!entry)
		entry = loom_table_read(listener, packet->hash);
	number = loom_entry_previous(entry);
	if (loom_connection_precedes(packet, listener, entry) && loom_backend_find(number))
		return number;
	return loom_entry_current(entry);
}

#define LOOM_REPEAT_TICKS 2 /* a SYN that comes within these after a reset is its client's next try */

/*
 * Whether its backend has answered the client's SYN by something that made it reset the connection, since the port was in use there: the port
 * is free there now.
 */
static __always_inline int loom_conn_is_retried(const struct loom_conn *former, __u32 now)
{
	return former->cookie && former->state == LOOM_CONN_TIME_WAIT && former->fins == LOOM_SIDE_BOTH && !former->assured &&
	       ((now - former->seen) & ((1 << LOOM_SEEN_BITS) - 1)) <= LOOM_REPEAT_TICKS;
}

/*
 * Whether a client that opens again, and had what is in conn, goes to the same backend: it tries once more; or what it had may live, since
 * whoever made up its reset can make up a SYN as well.
 */
static __noinline int loom_connection_returns(const struct loom_packet *packet, const struct loom_conn *former)
{
	const struct loom_backend *backend;

	if (!(loom_conn_is_doubted(former) || loom_conn_is_retried(former, packet->now)))
		return 0;
	backend = loom_backend_find(former->backend);
	return backend && !(backend->flags & LOOM_BACKEND_DRAINING);
}

/* What may be a reply. Of these, too, the first ones of connections are looked at: SYN+ACKs, and any datagram. */
static __always_inline int loom_packet_return(struct xdp_md *ctx, struct loom_packet *packet)
{
	if (loom_generic || (loom_software && (packet->signals & LOOM_SIGNAL_SYN || packet->protocol == IPPROTO_UDP)))
		loom_unfinished_look(ctx, packet);
	return LOOM_REPLY;
}

/* Begins a connection with the backend that the affinity or the entry of the table names. */
static __always_inline int loom_connection_begin(struct xdp_md *ctx, struct loom_packet *packet,
						 const struct loom_listener *listener, __u32 entry,
						 struct loom_conn *conn)
{
	const struct loom_backend *backend;
	int verdict = loom_packet_legitimate(ctx, packet);

	if (verdict != LOOM_CONTINUE)
		return verdict;
	if (!(packet->found & LOOM_CONN_REOPENED) || !loom_connection_returns(packet, conn))
		conn->backend = loom_connection_choose(packet, listener, entry);
	if (listener->flags & LOOM_LISTENER_GUARDED) {
		verdict = loom_admission_ask(packet, listener, conn);
		if (verdict == LOOM_PASS_FALLBACK)
			return loom_admission_keep(packet, conn);
		if (verdict != LOOM_CONTINUE)
			return verdict;
	}
	backend = loom_backend_find(conn->backend);
	verdict = loom_backend_judge(ctx, packet, backend);
	if (verdict != LOOM_CONTINUE)
		return verdict;
	if (!(backend->flags & LOOM_BACKEND_STATEFUL))
		conn->cookie = 0;
	if (backend->flags & LOOM_BACKEND_STATEFUL && !loom_packet_opens(packet))
		return LOOM_PASS_OUT_OF_STATE;
	loom_age_begin(conn, packet);
	verdict = loom_slot_open(ctx, packet, conn, backend);
	if (verdict == LOOM_DROP_CONNECTIONS_FULL)
		loom_verdict_count(LOOM_EVENT_MAP_FULL, 0, 0);
	if (verdict != LOOM_CONTINUE)
		return loom_slot_verdict(backend->slot, verdict);
	if (packet->signals & LOOM_SIGNAL_RST)
		return LOOM_CONTINUE; /* the end of something unknown is not worth an entry */
	verdict = loom_connection_track(packet, conn, backend);
	if (listener->affinity && verdict == LOOM_CONTINUE)
		loom_affinity_keep(packet, listener->affinity, conn->backend);
	return verdict;
}

/*
 * Whether the connection, whose backend is none for new ones, ends with it: no other one knows of it under a method that changes
 * the packets, and the client has to hear of that. A flow of datagrams is with the next backend at once, and so is a client that begins anew. A
 * global function of numbers alone: the verifier walks it once.
 */
__noinline int loom_connection_ends(__u32 number, __u32 begins, __u32 signals, __u32 fragment)
{
	const struct loom_backend *backend = bpf_map_lookup_elem(&loom_backends, &number);

	if (begins == LOOM_CONN_DATAGRAM || loom_signals_open(signals) || signals & LOOM_SIGNAL_RST || fragment)
		return 0;
	return backend && backend->family && backend->flags & LOOM_BACKEND_STATEFUL;
}

/*
 * The backend of a packet whose connection is, or has to be, in the table: LOOM_CONTINUE, LOOM_REPLY, or why there is none. `backend` is
 * that of a known connection, which spares looking it up again.
 */
static __always_inline int loom_connection_follow(struct xdp_md *ctx, struct loom_packet *packet,
						  const struct loom_listener *listener, __u32 entry,
						  struct loom_conn *conn, const struct loom_backend **backend)
{
	int verdict;

	packet->found = loom_conn_find(packet, conn);
	*backend = packet->found & LOOM_CONN_HIT ? loom_backend_find(conn->backend) : NULL;
	if (*backend) {
		if (packet->found & LOOM_CONN_REVIVED)
			loom_connection_count(packet->listener, conn->backend);
		if (listener->affinity && packet->found & LOOM_CONN_REFRESHED)
			loom_affinity_renew(packet, listener->affinity, conn->backend);
		return LOOM_CONTINUE;
	}
	if (packet->found & LOOM_CONN_HIT && conn->backend == LOOM_BACKEND_LOCAL)
		return LOOM_PASS_FALLBACK;
	if (packet->found & LOOM_CONN_HIT && loom_connection_ends(conn->backend, packet->state, packet->signals, packet->fragment))
		return LOOM_DROP_BACKEND_DOWN;
	if (!packet->found && loom_packet_is_reply(packet)) {
		__builtin_memset(conn, 0, sizeof(*conn)); /* it is: so that the verifier walks replies once (250,000 instructions, not 285,000) */
		return loom_packet_return(ctx, packet);
	}
	verdict = loom_connection_begin(ctx, packet, listener, entry, conn);
	if (verdict == LOOM_DROP_CONNECTIONS_FULL && listener->flags & LOOM_LISTENER_GUARDED)
		verdict = loom_admission_overflow(packet);
	packet->found = 0;
	return verdict;
}

#endif
