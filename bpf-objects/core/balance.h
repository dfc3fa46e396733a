/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The load balancer: is the frame ours → parse → find the vip → find the connection, or pick a backend and track → forward → count.
 * It never touches a packet itself: how a packet reaches its backend is the business of the linked forwarding methods.
 * The connection table has been included before: there is one object of core for each.
 */
#ifndef LOOM_CORE_BALANCE_H
#define LOOM_CORE_BALANCE_H

#include "../conntrack/conntrack.h"
#include "listener.h"
#include "parse.h"
#include "related.h"
#include "table.h"
#include "exit.h"
#include "slots.h"
#include "connection.h"
#include "unfinished.h"
#include "echo.h"
#include "error.h"
#include "refuse.h"

/* Options; loom-datapath sets them before load. The defaults are those of 250 jiffies a second. */
const volatile __u32 loom_tick_shift = 8;
const volatile __u32 loom_timeouts[LOOM_CONN_STATES + 2] = {
	[LOOM_CONN_SYN_SENT] = 30,   [LOOM_CONN_ESTABLISHED] = 300, [LOOM_CONN_FIN_WAIT] = 60,
	[LOOM_CONN_TIME_WAIT] = 120, [LOOM_CONN_SYN_RECEIVED] = 30, [LOOM_CONN_DATAGRAM] = 300,
};
const volatile __u32 loom_step = 1;
const volatile __u32 loom_conn_sets4 = 1;
const volatile __u32 loom_conn_sets6 = 1;
const volatile __u64 loom_conn_seed = 0;

/*
 * Whether the table may say alone where the packet goes. It says so of one that opens a connection under DEFER too: that need
 * not be tracked yet, since its second packet finds the same backend by the same entry; and a former connection with its
 * address and port, which it may have in the connection table, has no other.
 */
static __always_inline int loom_table_is_first(const struct loom_listener *listener, const struct loom_packet *packet)
{
	return listener->flags & (LOOM_LISTENER_MINIMAL | LOOM_LISTENER_STATELESS) ||
	       (listener->flags & LOOM_LISTENER_DEFER && loom_signals_open(packet->signals));
}

/* Whether it does: nothing is tracked, or no connection can disagree with its entry. */
static __always_inline int loom_entry_suffices(const struct loom_listener *listener, __u32 entry)
{
	return listener->flags & LOOM_LISTENER_STATELESS || !(entry & LOOM_ENTRY_LOOK);
}

/*
 * Whether it is worth looking for a checksum that nobody has filled in: where one sends these, the first packets of connections show it.
 * Of a known connection found is not 0.
 */
static __always_inline int loom_packet_is_first(const struct loom_packet *packet)
{
	return !packet->found && loom_packet_opens(packet);
}

static __always_inline int loom_packet_send(struct xdp_md *ctx, struct loom_packet *packet, struct loom_conn *conn,
					    const struct loom_backend *backend)
{
	int verdict;

	if (!backend)
		backend = loom_backend_find(conn->backend);
	verdict = loom_backend_judge(ctx, packet, backend);
	if (verdict != LOOM_CONTINUE)
		return verdict;
	if (loom_generic || (loom_software && loom_packet_is_first(packet)))
		loom_unfinished_look(ctx, packet);
	verdict = loom_slot_verdict(backend->slot, loom_slot_forward(ctx, packet, conn, backend));
	if (verdict == LOOM_FORWARD)
		loom_flow_count(packet, conn->backend);
	return verdict;
}

/* The backend of an ICMP error about what a vip has sent; it begins no connection and takes no turn. 0: none. */
static __noinline __u32 loom_related_backend(const struct loom_packet *packet, const struct loom_listener *listener,
						  struct loom_conn *conn)
{
	const struct loom_backend *backend;

	if (!(listener->flags & LOOM_LISTENER_STATELESS) && loom_conn_find(packet, conn) & LOOM_CONN_HIT)
		return conn->backend;
	if (listener->index != LOOM_INDEX_FLOW_HASH)
		return 0;
	conn->cookie = 0;
	conn->backend = loom_connection_choose(packet, listener, 0);
	backend = loom_backend_find(conn->backend);
	return backend && !(backend->flags & LOOM_BACKEND_STATEFUL) ? conn->backend : 0;
}

/*
 * A packet for a vip goes to the backend of its connection. One without a connection begins one, and so does one whose
 * backend is gone or down. An ICMP error goes where the packet does that it is about. LOOM_CONTINUE with the backend in conn,
 * or why there is none.
 */
static __always_inline int loom_packet_assign(struct xdp_md *ctx, struct loom_packet *packet,
					      const struct loom_listener *listener, struct loom_conn *conn,
					      const struct loom_backend **backend)
{
	__u32 entry = 0;

	if (packet->related) {
		if (loom_packet_is_reply(packet))
			return LOOM_REPLY;
		conn->backend = loom_related_backend(packet, listener, conn);
		if (conn->backend == LOOM_BACKEND_LOCAL)
			return LOOM_PASS_FALLBACK;
		return conn->backend ? LOOM_CONTINUE : LOOM_PASS_UNRELATED;
	}
	if (loom_table_is_first(listener, packet))
		entry = loom_table_read(listener, packet->hash);
	if (entry && loom_entry_suffices(listener, entry)) {
		if (listener->flags & LOOM_LISTENER_GUARDED && loom_admission_denies(packet))
			return LOOM_DROP_SOURCE_DENIED;
		conn->backend = loom_entry_current(entry);
		return loom_packet_legitimate(ctx, packet);
	}
	return loom_connection_follow(ctx, packet, listener, entry, conn, backend);
}

/* Whether the listener's packets go on without a connection being looked for. */
static __always_inline int loom_listener_tracks_none(const struct loom_listener *listener)
{
	return listener->flags & (LOOM_LISTENER_PASS | LOOM_LISTENER_MINIMAL | LOOM_LISTENER_STATELESS);
}

/* Where the packet goes: LOOM_CONTINUE with its backend in conn, LOOM_REPLY if it may be a reply, or its end. */
static __always_inline int loom_packet_place(struct xdp_md *ctx, struct loom_packet *packet, struct loom_conn *conn,
					     const struct loom_backend **backend)
{
	int verdict = loom_packet_parse(ctx, packet);
	struct loom_listener *listener;

	if (verdict == LOOM_PASS_OTHER_PROTOCOL && !packet->fragment) {
		verdict = loom_related_parse(ctx, packet);
		if (verdict == LOOM_PASS_OTHER_PROTOCOL)
			return loom_echo_answer(ctx, packet);
	}
	if (verdict != LOOM_CONTINUE)
		return packet->fragment ? loom_fragment_follow(ctx, packet, conn, verdict) : verdict;
	packet->now = bpf_jiffies64() >> loom_tick_shift;
	listener = loom_listener_find(packet);
	if (!listener || (loom_listener_tracks_none(listener) && loom_packet_is_reply(packet)))
		return loom_packet_return(ctx, packet);
	if (listener->flags & LOOM_LISTENER_PASS)
		return LOOM_PASS_PASSTHROUGH;
	verdict = loom_header_judge(ctx, packet);
	if (verdict != LOOM_CONTINUE)
		return verdict;
	packet->listener = listener->number;
	packet->options = listener->flags;
	packet->hash = loom_flow_hash(packet);
	return loom_packet_assign(ctx, packet, listener, conn, backend);
}

static __always_inline int loom_packet_judge(struct xdp_md *ctx, struct loom_packet *packet, struct loom_conn *conn)
{
	const struct loom_backend *backend = NULL;
	int verdict = loom_packet_place(ctx, packet, conn, &backend);

	if (verdict == LOOM_CONTINUE)
		verdict = loom_packet_send(ctx, packet, conn, backend);
	else if (verdict == LOOM_REPLY)
		verdict = loom_slots_reply(ctx, packet);
	if (packet->fragment == LOOM_FRAGMENT_FIRST)
		loom_fragment_keep(packet, conn, verdict);
	return verdict;
}

/*
 * Whether the sender of a packet that was dropped may be told: never that of an ICMP error, nor by ICMP of a later fragment (RFC 1122 section
 * 3.2.2), whose first one has told him; ICMPv6 has no such rule. A packet without a hash is a backend's reply, which Loom is no
 * hop of: of that only the size is told, which would hold the connection up (one flow in 2^32 has none either).
 */
static __always_inline int loom_packet_may_be_told(const struct loom_packet *packet, int verdict)
{
	if (packet->related || (packet->fragment == LOOM_FRAGMENT_LATER && packet->family == 4))
		return 0;
	return verdict == LOOM_DROP_TOO_BIG || (verdict == LOOM_DROP_TTL && packet->hash);
}

/* Its sender is told that a packet was too big, out of hops, that there is no backend, or that the connection's is down. */
static __always_inline int loom_packet_dropped(struct xdp_md *ctx, struct loom_packet *packet, __u32 state,
					       int verdict)
{
	if (loom_generic && (verdict == LOOM_DROP_NO_BACKEND || verdict == LOOM_DROP_BACKEND_DOWN))
		loom_unfinished_look(ctx, packet);
	if (verdict == LOOM_DROP_NO_BACKEND)
		verdict = loom_refuse(ctx, packet);
	else if (verdict == LOOM_DROP_BACKEND_DOWN)
		verdict = loom_connection_reset(ctx, packet->l4, packet->listener, state);
	else if (loom_packet_may_be_told(packet, verdict))
		verdict = loom_error_send(ctx, packet->fits, verdict);
	else
		return verdict;
	packet->egress = ctx->ingress_ifindex;
	return verdict;
}

SEC("xdp")
int loom_xdp(struct xdp_md *ctx)
{
	struct loom_conn conn = {};
	struct loom_work *work = loom_work_begin(ctx);
	int verdict;

	if (!work)
		return XDP_DROP;
	verdict = loom_packet_judge(ctx, &work->packet, &conn);
	if (work->packet.found & (LOOM_PACKET_UNFINISHED | LOOM_PACKET_SEGMENTS))
		loom_unfinished_count(ctx, &work->packet, verdict);
	if (verdict >= LOOM_DROP_TRUNCATED)
		verdict = loom_packet_dropped(ctx, &work->packet, conn.state, verdict);
	return loom_exit(ctx, work, verdict, conn.backend);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#endif
