/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* How a backend's packet finds its client. Only nat.bpf.c uses this. */
#ifndef LOOM_NAT_REPLY_H
#define LOOM_NAT_REPLY_H

#include "pair.h"

/* A copy of what a pair says of the client. */
struct nat_reply {
	__u64 word;
	__be32 client[4];
	__be32 vip[4];
	__be16 client_port;
	__be16 vip_port;
	__u32 ifindex;
	__u32 mac[3];
	__u16 listener;
	__u16 kept; /* the client's address and port are its own on both sides */
};

static __always_inline void nat_reply_copy(struct nat_reply *reply, const struct nat_pair *pair, __u32 family)
{
	__u32 words = nat_words(family);

	nat_address_copy(reply->client, pair->address + 2 * words, family);
	nat_address_copy(reply->vip, pair->address + 3 * words, family);
	reply->client_port = pair->client_port;
	reply->vip_port = pair->vip_port;
	reply->ifindex = pair->ifindex;
	__builtin_memcpy(reply->mac, pair->mac, sizeof(reply->mac));
	reply->listener = pair->listener;
}

/* For those who met a writer. */
static __always_inline void nat_reply_copy_locked(struct nat_reply *reply, struct nat_pair *pair, __u32 family)
{
	bpf_spin_lock(&pair->lock);
	nat_reply_copy(reply, pair, family);
	reply->word = pair->word;
	bpf_spin_unlock(&pair->lock);
}

/* Returns the pair of the packet of a backend, copied to reply, or NULL if there is none. */
static __always_inline struct nat_pair *nat_reply_read(struct nat_reply *reply, const struct loom_packet *packet,
						       __u32 family)
{
	struct nat_key key = {
		.backend = packet->source,
		.source = packet->destination,
		.backend_port = packet->source_port,
		.source_port = packet->destination_port,
		.protocol = packet->protocol,
	};
	struct nat_pair *pair = nat_pair_at(&key, family);

	if (!pair)
		return NULL;
	reply->word = *(volatile __u64 *)&pair->word;
	if (!nat_pair_has_key(pair, &key, family))
		return NULL;
	nat_reply_copy(reply, pair, family);
	barrier();
	if (!reply->word || *(volatile __u64 *)&pair->word != reply->word)
		nat_reply_copy_locked(reply, pair, family);
	return reply->word && !loom_word_is_over(reply->word, packet->now) ? pair : NULL;
}

/* Moves this half on. Another CPU may have moved it since it was read: what counts is the word under the lock. */
static __noinline int nat_pair_move(const struct loom_packet *packet, struct nat_pair *pair, const struct nat_reply *reply)
{
	if (loom_word_move(reply->word, packet, LOOM_SIDE_SERVER) == reply->word)
		return 0;
	bpf_spin_lock(&pair->lock);
	if (!((pair->word ^ reply->word) & LOOM_WORD_OWNER))
		*(volatile __u64 *)&pair->word = loom_word_move(pair->word, packet, LOOM_SIDE_SERVER);
	bpf_spin_unlock(&pair->lock);
	return 1;
}

/*
 * Moves both halves on by the server's signals; seldom, because it costs a lookup of the other half. If another connection has
 * taken the place since, the next tick's packet of its client will put right what this one's did. A function of its own beside
 * nat_pair_move(), because the stack of replies is nearly used up.
 */
static __noinline int nat_reply_move(const struct loom_packet *packet, struct nat_pair *pair,
				     const struct nat_reply *reply)
{
	struct loom_packet view = {};

	if (!nat_pair_move(packet, pair, reply))
		return 0;
	__builtin_memcpy(view.source, reply->client, sizeof(view.source));
	view.source_port = reply->client_port;
	view.listener = reply->listener;
	view.family = packet->family;
	view.signals = packet->signals;
	view.now = packet->now;
	return loom_conn_answer(&view, LOOM_SIDE_SERVER);
}

#endif
