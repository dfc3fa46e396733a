/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The load balancer: parse → find the vip → find the connection, or pick a backend and track → forward → count.
 * It never touches a packet itself: how a packet reaches its backend is the business of the linked forwarding methods.
 */
#include <loom/age.h>
#include <loom/conntrack.h>
#include "parse.h"
#include "listener.h"
#include "table.h"
#include "verdict.h"
#include "slots.h"

/* Options; loom-datapath sets them before load, in the host's jiffies. The defaults are those of 250 a second. */
const volatile __u32 loom_hz = 250;
const volatile __u32 loom_timeouts[LOOM_CONN_STATES + 3] = {
	[LOOM_CONN_SYN_SENT] = 30 * 250,   [LOOM_CONN_ESTABLISHED] = 300 * 250, [LOOM_CONN_FIN_WAIT] = 60 * 250,
	[LOOM_CONN_TIME_WAIT] = 120 * 250, [LOOM_CONN_SYN_RECEIVED] = 30 * 250,
};

/*
 * Enters the connection into the table, in place of the one that was found or as a new one. Another CPU may have been first
 * with the same flow; then conn is what that one has entered.
 */
static __always_inline int loom_connection_track(const struct loom_packet *packet, struct loom_conn *conn,
						 const struct loom_backend *backend)
{
	int result = packet->found ? loom_conn_replace(packet, conn) : loom_conn_add(packet, conn);

	if (result == 0)
		loom_connection_count(packet, conn->backend);
	if (result >= 0)
		return LOOM_CONTINUE;
	loom_verdict_count(LOOM_EVENT_MAP_FULL, 0, 0);
	return backend->flags & LOOM_BACKEND_STATEFUL ? LOOM_DROP_CONNECTIONS_FULL : LOOM_CONTINUE;
}

/* Begins a connection with the backend that the lookup table names. */
static __always_inline int loom_connection_begin(struct xdp_md *ctx, struct loom_packet *packet,
						 const struct loom_listener *listener, struct loom_conn *conn)
{
	const struct loom_backend *backend;
	int verdict;

	conn->cookie = 0;
	conn->backend = loom_table_pick(listener, packet->hash);
	backend = loom_backend_find(conn->backend);
	if (!backend || !backend->ifindex)
		return LOOM_DROP_NO_BACKEND;
	if (backend->flags & LOOM_BACKEND_STATEFUL && !loom_age_opens(packet->tcp_flags))
		return LOOM_PASS_OUT_OF_STATE;
	loom_age_begin(&conn->age, packet->tcp_flags, packet->now);
	verdict = loom_slot_open(ctx, packet, conn, backend);
	if (verdict == LOOM_DROP_CONNECTIONS_FULL)
		loom_verdict_count(LOOM_EVENT_MAP_FULL, 0, 0);
	if (verdict != LOOM_CONTINUE)
		return loom_slot_verdict(backend->slot, verdict);
	if (packet->tcp_flags & LOOM_TCP_RST)
		return LOOM_CONTINUE; /* the end of something unknown is not worth an entry */
	return loom_connection_track(packet, conn, backend);
}

/*
 * A packet for a vip goes to the backend of its connection. One without a connection begins one, and so does one whose
 * backend is gone or down.
 */
static __always_inline int loom_packet_balance(struct xdp_md *ctx, struct loom_packet *packet,
					       const struct loom_listener *listener)
{
	const struct loom_backend *backend = NULL;
	struct loom_conn conn = {};
	int verdict;

	packet->found = loom_conn_find(packet, &conn);
	if (packet->found & LOOM_CONN_HIT)
		backend = loom_backend_find(conn.backend);
	if (!backend) {
		verdict = loom_connection_begin(ctx, packet, listener, &conn);
		if (verdict != LOOM_CONTINUE)
			return verdict;
		packet->found = 0;
		backend = loom_backend_find(conn.backend);
	}
	if (!backend || !backend->ifindex)
		return LOOM_DROP_NO_BACKEND;
	verdict = loom_slot_verdict(backend->slot, loom_slot_forward(ctx, packet, &conn, backend));
	if (verdict == LOOM_FORWARD)
		loom_flow_count(packet, conn.backend);
	return verdict;
}

static __always_inline int loom_packet_judge(struct xdp_md *ctx, struct loom_packet *packet)
{
	int verdict = loom_packet_parse(ctx, packet);
	struct loom_listener *listener;

	if (verdict != LOOM_CONTINUE)
		return verdict;
	packet->now = bpf_jiffies64();
	listener = loom_listener_find(packet);
	if (!listener)
		return loom_slots_reply(ctx, packet);
	if (!loom_header_is_sound(ctx, packet))
		return LOOM_DROP_BAD_CHECKSUM;
	packet->listener = listener->number;
	packet->hash = loom_flow_hash(packet);
	return loom_packet_balance(ctx, packet, listener);
}

SEC("xdp")
int loom_xdp(struct xdp_md *ctx)
{
	struct loom_packet packet = {};
	__u32 bytes_in = loom_frame_length(ctx);

	return loom_exit(ctx, &packet, loom_packet_judge(ctx, &packet), bytes_in);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
