/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * When the handshake of a connection is over: once its client has acknowledged the SYN of its backend. Until then nobody has shown
 * that there is a client at that address; SYNs and ACKs alone can be made up (docs/adr/0023-half-open-pairs.md). Only nat.bpf.c
 * uses this.
 */
#ifndef LOOM_NAT_HANDSHAKE_H
#define LOOM_NAT_HANDSHAKE_H

#include "claim.h"
#include "kept.h"
#include "reply.h"

/* A first ACK may cover data too, which a backend may send before it (RFC 7413): as much as a first window (RFC 6928) has. */
#define NAT_FIRST_WINDOW 16384

/* Sequence and acknowledgement number of a segment. */
struct nat_numbers {
	__be32 sequence;
	__be32 acknowledged;
};

static __always_inline const struct nat_numbers *nat_numbers_of(struct xdp_md *ctx, const struct loom_packet *packet)
{
	void *data = (void *)(long)ctx->data;
	const struct nat_numbers *numbers = data + loom_packet_l4(packet) + __builtin_offsetof(struct tcphdr, seq);

	return (void *)(numbers + 1) > (void *)(long)ctx->data_end ? NULL : numbers;
}

static __always_inline int nat_answers_syn(const struct loom_packet *packet, __u64 word)
{
	return (packet->signals & (LOOM_SIGNAL_SYN | LOOM_SIGNAL_ACK | LOOM_SIGNAL_RST)) == (LOOM_SIGNAL_SYN | LOOM_SIGNAL_ACK) &&
	       loom_state_is_half_open(loom_word_state(word));
}

/* Writes down what the client has to acknowledge; before the pair moves on, so that whoever sees it answered knows it. */
static __noinline int nat_answer_note(struct xdp_md *ctx, const struct loom_packet *packet, struct nat_pair *pair, __u64 word)
{
	const struct nat_numbers *numbers = nat_numbers_of(ctx, packet);
	__u32 awaited;

	if (!numbers)
		return -1;
	awaited = bpf_ntohl(numbers->sequence) + 1;
	bpf_spin_lock(&pair->lock);
	if (!((pair->word ^ word) & LOOM_WORD_OWNER))
		pair->awaited = awaited ? awaited : 1;
	bpf_spin_unlock(&pair->lock);
	return 0;
}

static __always_inline int nat_is_awaited(__u32 awaited, __u32 acknowledged)
{
	return awaited && acknowledged - awaited < NAT_FIRST_WINDOW;
}

static __always_inline int nat_pair_awaits(const struct loom_packet *packet, const struct loom_conn *conn,
					   const struct loom_backend *backend, __u32 acknowledged, __u32 family)
{
	struct nat_pair *pair;
	struct nat_key key;
	int result = -1;

	nat_key_expect(&key, packet, conn->cookie, backend);
	if (!key.source)
		return -1;
	pair = nat_pair_at(&key, family);
	if (!pair)
		return -1;
	bpf_spin_lock(&pair->lock);
	if (nat_pair_has_key(pair, &key, family) && nat_pair_is_of(pair, packet, family))
		result = nat_is_awaited(pair->awaited, acknowledged);
	bpf_spin_unlock(&pair->lock);
	return result;
}

static __noinline int nat_kept_awaits(const struct loom_packet *packet, const struct loom_backend *backend,
				      __u32 acknowledged)
{
	union nat_kept_key key;
	struct nat_kept *kept;
	int result = -1;

	nat_kept_key_of(&key, packet, backend);
	kept = nat_kept_lookup(packet->family, &key);
	if (!kept)
		return -1;
	bpf_spin_lock(&kept->lock);
	if (kept->listener == packet->listener)
		result = nat_is_awaited(kept->awaited, acknowledged);
	bpf_spin_unlock(&kept->lock);
	return result;
}

/*
 * A packet of the client in a handshake, other than its SYN. Returns 1 if it completes the handshake, 0 if it does not, which is
 * for the backend to judge, and -1 if the pair is gone.
 */
static __noinline int nat_half_judge(struct xdp_md *ctx, const struct loom_packet *packet, const struct loom_conn *conn,
				     const struct loom_backend *backend)
{
	const struct nat_numbers *numbers = nat_numbers_of(ctx, packet);
	__u32 acknowledged;

	if (!numbers || packet->fragment == LOOM_FRAGMENT_LATER || !(packet->signals & LOOM_SIGNAL_ACK))
		return 0;
	acknowledged = bpf_ntohl(numbers->acknowledged);
	if (!conn->cookie)
		return nat_kept_awaits(packet, backend, acknowledged);
	if (packet->family == 4)
		return nat_pair_awaits(packet, conn, backend, acknowledged, 4);
	return nat_pair_awaits(packet, conn, backend, acknowledged, 6);
}

/* The client has shown to be there: the connection's half moves on, and the pair with what is written to it next. */
static __always_inline void nat_half_complete(const struct loom_packet *packet, struct loom_conn *conn)
{
	loom_conn_answer(packet, LOOM_SIDE_BOTH);
	loom_conn_unpack(conn, loom_word_move(loom_conn_pack(conn), packet, LOOM_SIDE_BOTH));
}

#endif
