/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Forwarding method nat: the backend sees Loom as the client (DNAT + SNAT), so that its replies come back without any change
 * on it, and are rewritten to come from the vip. Where the listener says so the client's address stays (DNAT alone); then
 * backends must route through Loom. source.h says what the connection's cookie is, docs/adr/0007-nat-pairs.md why.
 */
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include "source.h"
#include "pair.h"
#include "claim.h"
#include "reply.h"
#include "kept.h"
#include "moved.h"
#include "rewrite.h"
#include "handshake.h"
#include "related.h"

#define NAT_ANY_LINK 576 /* a packet that every link carries that has vips: RFC 791 wants every host to take it */

const volatile __u32 loom_abi_slotXX = LOOM_ABI_VERSION;

/* Claims the key of replies to a new connection, before its first packet leaves. */
__hidden int loom_open_slotXX(struct xdp_md *ctx, struct loom_packet *packet, struct loom_conn *conn,
			      const struct loom_backend *backend)
{
	if (backend->family != packet->family)
		return LOOM_DROP_INTERNAL;
	if (packet->options & LOOM_LISTENER_KEEP_CLIENT)
		return nat_kept_claim(ctx, packet, conn, backend, NAT_BEGIN);
	return nat_pair_open(ctx, packet, conn, backend);
}

/* A connection whose port another one has by now, since it was half-open for long: its client begins it anew. */
static __always_inline int nat_restart(struct xdp_md *ctx, const struct loom_packet *packet, struct loom_conn *conn,
				       const struct loom_backend *backend)
{
	int verdict;

	if (!loom_packet_opens(packet))
		return LOOM_PASS_OUT_OF_STATE;
	conn->cookie = 0;
	loom_age_begin(conn, packet);
	verdict = nat_pair_open(ctx, packet, conn, backend);
	if (verdict != LOOM_CONTINUE)
		return verdict;
	return loom_conn_renew(packet, conn) ? LOOM_DROP_CONNECTIONS_FULL : LOOM_CONTINUE;
}

/* Keeps the reply half alive, and true to what the connection is. Returns LOOM_CONTINUE, or what becomes of the packet. */
static __noinline int nat_refresh(struct xdp_md *ctx, const struct loom_packet *packet, struct loom_conn *conn,
				  const struct loom_backend *backend)
{
	if (loom_state_is_half_open(conn->state) && !loom_signals_open(packet->signals)) {
		int judged = nat_half_judge(ctx, packet, conn, backend);

		if (!judged)
			return LOOM_CONTINUE;
		if (judged > 0)
			nat_half_complete(packet, conn);
	}
	if (!conn->cookie)
		return nat_kept_claim(ctx, packet, conn, backend, NAT_KEEP) ? LOOM_PASS_OUT_OF_STATE : LOOM_CONTINUE;
	if (!nat_pair_claim(ctx, packet, conn, backend, NAT_KEEP))
		return LOOM_CONTINUE;
	return nat_restart(ctx, packet, conn, backend);
}

/* Whether the packet may have something to say to the reply half. Of one that begins it has just been said. */
static __always_inline int nat_refreshes(const struct loom_packet *packet, const struct loom_conn *conn)
{
	return packet->found & LOOM_CONN_REFRESHED ||
	       (packet->found & LOOM_CONN_HIT && loom_state_is_half_open(conn->state));
}

static __always_inline int nat_translate(struct xdp_md *ctx, const struct loom_packet *packet,
					 const struct nat_names *names)
{
	if (packet->fragment && packet->family == 6 && nat_ipv6_rename(ctx, packet, names))
		return -1;
	if (packet->fragment == LOOM_FRAGMENT_LATER)
		return nat_fragment_write(ctx, packet, names);
	if (packet->related)
		return nat_error_write(ctx, packet, names, nat_quoted_write(ctx, packet, names));
	return nat_rewrite(ctx, packet, names);
}

__hidden int loom_forward_slotXX(struct xdp_md *ctx, struct loom_packet *packet, struct loom_conn *conn,
				 const struct loom_backend *backend)
{
	struct nat_names names = {
		.source = packet->source,
		.destination = backend->address,
		.mac = backend->mac,
		.source_port = packet->source_port,
		.destination_port = backend->port,
		.sources = conn->cookie ? NAT_SENDER_CHANGES | NAT_PEER_CHANGES : NAT_PEER_CHANGES,
	};

	if (backend->family != packet->family)
		return LOOM_DROP_INTERNAL;
	if (packet->ttl <= 1)
		return LOOM_DROP_TTL;
	if (backend->mtu && packet->length > backend->mtu && !loom_packet_is_segments(packet)) {
		packet->fits = backend->mtu;
		return LOOM_DROP_TOO_BIG;
	}
	if (nat_refreshes(packet, conn)) {
		int verdict = nat_refresh(ctx, packet, conn, backend);

		if (verdict != LOOM_CONTINUE)
			return verdict;
	}
	if (conn->cookie) {
		names.source = nat_source_of(conn->cookie, backend);
		names.source_port = nat_port_of(conn->cookie);
		if (!names.source)
			return LOOM_PASS_OUT_OF_STATE;
	}
	packet->egress = backend->ifindex;
	return nat_translate(ctx, packet, &names) ? LOOM_DROP_INTERNAL : LOOM_FORWARD;
}

/* Whether the interface towards the client is another one and carries less; then packet->fits says what. */
static __always_inline int nat_reply_exceeds(struct xdp_md *ctx, struct loom_packet *packet, const struct nat_reply *reply)
{
	if (reply->ifindex == ctx->ingress_ifindex || packet->length <= NAT_ANY_LINK)
		return 0;
	packet->fits = loom_device_mtu(reply->ifindex);
	return packet->fits && packet->length > packet->fits && !loom_packet_is_segments(packet);
}

static __always_inline int nat_reply_send(struct xdp_md *ctx, struct loom_packet *packet, struct nat_pair *pair,
					  const struct nat_reply *reply)
{
	struct nat_names names = {
		.source = reply->vip,
		.destination = reply->client,
		.mac = (const __u8 *)reply->mac,
		.source_port = reply->vip_port,
		.destination_port = reply->client_port,
		.sources = reply->kept ? NAT_SENDER_CHANGES : NAT_SENDER_CHANGES | NAT_PEER_CHANGES,
	};

	if (packet->ttl <= 1)
		return LOOM_DROP_TTL;
	if (nat_reply_exceeds(ctx, packet, reply))
		return LOOM_DROP_TOO_BIG;
	if (nat_answers_syn(packet, reply->word))
		nat_answer_note(ctx, packet, pair, reply->word);
	if (!loom_word_is_settled(reply->word, packet))
		nat_reply_move(packet, pair, reply);
	packet->egress = reply->ifindex;
	return nat_translate(ctx, packet, &names) ? LOOM_DROP_INTERNAL : LOOM_REPLY;
}

/* The half of the packet's connection, copied to reply, or NULL if it is no reply. */
static __always_inline struct nat_pair *nat_reply_find(const struct loom_packet *packet, struct nat_reply *reply)
{
	struct nat_pair *pair = NULL;

	if (nat_port_may_live(bpf_ntohs(packet->destination_port)))
		pair = packet->family == 4 ? nat_reply_read(reply, packet, 4) : nat_reply_read(reply, packet, 6);
	if (pair)
		return pair;
	return nat_keeps_any() ? nat_kept_read(reply, packet) : NULL;
}

static __noinline int nat_reply_follow(struct xdp_md *ctx, struct loom_packet *packet)
{
	struct nat_reply reply = {};
	struct nat_pair *pair = nat_reply_find(packet, &reply);

	if (!pair)
		return LOOM_CONTINUE;
	if (nat_links_are_doubtful(packet->now))
		nat_link_renew(ctx, packet, pair, &reply);
	return nat_reply_send(ctx, packet, pair, &reply);
}

/* All traffic to no listener comes by here, and pays neither for the frame of a large function nor for what it clears. */
__hidden int loom_reply_slotXX(struct xdp_md *ctx, struct loom_packet *packet)
{
	if (!nat_port_may_live(bpf_ntohs(packet->destination_port)) && !nat_keeps_any())
		return LOOM_CONTINUE;
	return nat_reply_follow(ctx, packet);
}

/*
 * A listener at an address of nat's and with a port of a connection: whoever puts one says so before (search.h), so that of packets to others
 * no pair is looked up. A client's own address is no listener's.
 */
__hidden int loom_expects_slotXX(const struct loom_packet *packet)
{
	struct nat_reply reply;
	__u16 port = bpf_ntohs(packet->destination_port);

	if (!nat_port_may_live(port) || !nat_port_is_taken(port))
		return 0;
	return packet->family == 4 ? !!nat_reply_read(&reply, packet, 4) : !!nat_reply_read(&reply, packet, 6);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
