/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Forwarding method nat: the backend sees Loom as the client (DNAT + SNAT), so that its replies come back without any change
 * on it, and are rewritten to come from the vip. The connection's cookie is the source port towards the backend.
 */
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include "pair.h"
#include "rewrite.h"

#define NAT_DROP_PORTS_EXHAUSTED LOOM_METHOD_DROP(0)

const volatile __u32 loom_abi_slotXX = LOOM_ABI_VERSION;

/* Claims a source port for a new connection, before its first packet leaves. */
__hidden int loom_open_slotXX(struct xdp_md *ctx, struct loom_packet *packet, struct loom_conn *conn,
			      const struct loom_backend *backend)
{
	struct nat_reply reply;
	union nat_key key;

	if (backend->family != packet->family || nat_reply_describe(&reply, ctx, packet, conn))
		return LOOM_DROP_INTERNAL;
	for (__u32 attempt = 0; attempt < NAT_TRIES; attempt++) {
		__u16 port = nat_port_pick(packet->hash, attempt);
		int result;

		nat_key_expect(&key, packet, backend, bpf_htons(port));
		result = nat_port_claim(packet, &key, &reply, attempt >= NAT_TRIES / 2);
		if (result == -2)
			return LOOM_DROP_CONNECTIONS_FULL;
		if (result == 0) {
			conn->cookie = port;
			return LOOM_CONTINUE;
		}
	}
	return NAT_DROP_PORTS_EXHAUSTED;
}

/*
 * Keeps the reply half alive, and true to where the client now comes from. Returns 0, or -1 if the port belongs to another
 * connection by now. A half that has vanished is put back.
 */
static __noinline int nat_pair_refresh(struct xdp_md *ctx, const struct loom_packet *packet,
				       const struct loom_conn *conn, const struct loom_backend *backend)
{
	struct nat_reply wanted, *reply;
	union nat_key key;
	int mine;

	if (nat_reply_describe(&wanted, ctx, packet, conn))
		return -1;
	nat_key_expect(&key, packet, backend, bpf_htons(conn->cookie));
	reply = nat_reply_lookup(packet, &key);
	if (!reply)
		return nat_reply_insert(packet, &key, &wanted) ? -1 : 0;
	bpf_spin_lock(&reply->lock);
	mine = nat_reply_is_of(reply, &wanted);
	if (mine)
		nat_reply_write(reply, &wanted);
	bpf_spin_unlock(&reply->lock);
	return mine ? 0 : -1;
}

__hidden int loom_forward_slotXX(struct xdp_md *ctx, struct loom_packet *packet, struct loom_conn *conn,
				 const struct loom_backend *backend)
{
	struct nat_names names = {
		.source = backend->source,
		.destination = backend->address,
		.mac = backend->mac,
		.source_port = bpf_htons(conn->cookie),
		.destination_port = backend->port,
	};

	if (backend->family != packet->family)
		return LOOM_DROP_INTERNAL;
	if (packet->ttl <= 1)
		return LOOM_DROP_TTL;
	if (backend->mtu && packet->length > backend->mtu)
		return LOOM_DROP_TOO_BIG;
	if (packet->found & LOOM_CONN_REFRESHED && nat_pair_refresh(ctx, packet, conn, backend))
		return LOOM_PASS_OUT_OF_STATE;
	packet->egress = backend->ifindex;
	return nat_rewrite(ctx, packet, &names) ? LOOM_DROP_INTERNAL : LOOM_FORWARD;
}

/* Moves both halves on by the server's signals; seldom, because it costs a second lookup. */
static __noinline int nat_pair_answer(const struct loom_packet *packet, struct nat_reply *reply)
{
	__u64 word = reply->word, next;
	struct loom_packet view = {};

	if (loom_word_is_settled(word, packet))
		return 0;
	next = loom_word_move(word, packet, LOOM_SIDE_SERVER);
	if (next == word)
		return 0;
	reply->word = next;
	__builtin_memcpy(view.source, reply->client, sizeof(view.source));
	view.source_port = reply->client_port;
	view.listener = reply->listener;
	view.family = packet->family;
	view.signals = packet->signals;
	view.now = packet->now;
	return loom_conn_answer(&view);
}

__hidden int loom_reply_slotXX(struct xdp_md *ctx, struct loom_packet *packet)
{
	struct nat_names names = {};
	struct nat_reply *reply;
	union nat_key key;

	if (!nat_port_is_ours(bpf_ntohs(packet->destination_port)))
		return LOOM_CONTINUE;
	nat_key_read(&key, packet);
	reply = nat_reply_lookup(packet, &key);
	if (!reply || loom_word_expired(reply->word, packet->now))
		return LOOM_CONTINUE;
	if (packet->ttl <= 1)
		return LOOM_DROP_TTL;
	nat_pair_answer(packet, reply);
	names.source = reply->vip;
	names.destination = reply->client;
	names.mac = reply->mac;
	names.source_port = reply->vip_port;
	names.destination_port = reply->client_port;
	packet->egress = reply->ifindex;
	return nat_rewrite(ctx, packet, &names) ? LOOM_DROP_INTERNAL : LOOM_REPLY;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
