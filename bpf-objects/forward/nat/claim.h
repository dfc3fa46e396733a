/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* How a connection gets its pair, and how both move along. search.h says which. Only nat.bpf.c uses this. */
#ifndef LOOM_NAT_CLAIM_H
#define LOOM_NAT_CLAIM_H

#include "search.h"

#define NAT_DROP_PORTS_EXHAUSTED LOOM_METHOD_DROP(0)
#define NAT_CLAIMS 4 /* the first port, and what is found: another CPU may snatch that away, twice in a row hardly ever */

/* Why a connection wants its pair. */
enum nat_claim {
	NAT_KEEP = 0,  /* it goes on */
	NAT_BEGIN = 1, /* it begins, with a port that is nobody's or was its own before */
	NAT_SEIZE = 2, /* it begins, with one that somebody else may have to give up */
};

/* How frames to the client are addressed. */
struct nat_link {
	__u32 mac[3]; /* destination, source */
	__u32 ifindex;
};

/* As the client's own frames say: no route is asked. Returns -1 if this one is too short. */
static __always_inline int nat_link_learn(__u32 *mac, __u32 *ifindex, struct xdp_md *ctx)
{
	struct ethhdr *ethernet = (void *)(long)ctx->data;

	if ((void *)(ethernet + 1) > (void *)(long)ctx->data_end)
		return -1;
	__builtin_memcpy(mac, ethernet->h_source, ETH_ALEN);
	__builtin_memcpy((__u8 *)mac + ETH_ALEN, ethernet->h_dest, ETH_ALEN);
	*ifindex = ctx->ingress_ifindex;
	return 0;
}

/* Writes all but the word, which is empty meanwhile: readers that meet this wait for the lock. */
static __always_inline void nat_pair_write(struct nat_pair *pair, const struct nat_key *key,
					   const struct loom_packet *packet, const struct nat_link *link, __u32 family)
{
	__u32 words = nat_words(family);

	*(volatile __u64 *)&pair->word = 0;
	barrier();
	pair->ifindex = link->ifindex;
	pair->backend_port = key->backend_port;
	pair->source_port = key->source_port;
	pair->client_port = packet->source_port;
	pair->vip_port = packet->destination_port;
	__builtin_memcpy(pair->mac, link->mac, sizeof(pair->mac));
	pair->listener = packet->listener;
	pair->protocol = key->protocol;
	nat_address_copy(pair->address, key->backend, family);
	nat_address_copy(pair->address + words, key->source, family);
	nat_address_copy(pair->address + 2 * words, packet->source, family);
	nat_address_copy(pair->address + 3 * words, packet->destination, family);
	barrier();
}

/* Returns 0, or -1 if another connection has the place. */
static __always_inline int nat_pair_take(struct nat_pair *pair, const struct nat_key *key,
					 const struct loom_packet *packet, const struct nat_link *link, __u64 word,
					 enum nat_claim claim, __u32 family)
{
	enum nat_kind least = claim == NAT_SEIZE ? NAT_WAITING : NAT_FREE;
	int result = -1, own;

	bpf_spin_lock(&pair->lock);
	own = nat_pair_has_key(pair, key, family) && nat_pair_is_of(pair, packet, family);
	if (own || nat_word_kind(pair->word, packet->now) >= least) {
		if (!own || claim != NAT_KEEP)
			pair->awaited = 0;
		nat_pair_write(pair, key, packet, link, family);
		*(volatile __u64 *)&pair->word = word;
		result = 0;
	}
	bpf_spin_unlock(&pair->lock);
	return result;
}

static __always_inline int nat_pair_claim_in(struct xdp_md *ctx, const struct loom_packet *packet,
					     const struct loom_conn *conn, const struct loom_backend *backend,
					     enum nat_claim claim, __u32 family)
{
	struct nat_link link;
	struct nat_pair *pair;
	struct nat_key key;

	nat_key_expect(&key, packet, conn->cookie, backend);
	if (!key.source || nat_link_learn(link.mac, &link.ifindex, ctx))
		return -1;
	pair = nat_pair_at(&key, family);
	return pair ? nat_pair_take(pair, &key, packet, &link, loom_conn_pack(conn), claim, family) : -1;
}

/*
 * Claims the address and port that the cookie names, for a connection that begins; for one that goes on it keeps the pair
 * alive, true to where the client now comes from, and puts back one that has vanished.
 */
static __noinline int nat_pair_claim(struct xdp_md *ctx, const struct loom_packet *packet,
				     const struct loom_conn *conn, const struct loom_backend *backend,
				     enum nat_claim claim)
{
	if (packet->family == 4)
		return nat_pair_claim_in(ctx, packet, conn, backend, claim, 4);
	return nat_pair_claim_in(ctx, packet, conn, backend, claim, 6);
}

/*
 * Finds and claims an address and port for a new connection: those that its client had before, which the cookie names, or those
 * that its hash names, which it may have had before too. Returns LOOM_CONTINUE, or why there is none. A function of its own for
 * those that begin and those that begin anew.
 */
static __noinline int nat_pair_open(struct xdp_md *ctx, const struct loom_packet *packet, struct loom_conn *conn,
				    const struct loom_backend *backend)
{
	if (conn->cookie && !nat_port_is_taken(conn->cookie) && !nat_pair_claim(ctx, packet, conn, backend, NAT_BEGIN))
		return LOOM_CONTINUE;
	conn->cookie = nat_source_pick(packet->hash, nat_source_count(packet->family)) << NAT_PORT_BITS |
		       nat_port_pick(packet->hash, 0);
	for (__u32 claim = 0; claim < NAT_CLAIMS; claim++) {
		if (!nat_port_is_taken(conn->cookie) &&
		    !nat_pair_claim(ctx, packet, conn, backend, claim ? NAT_SEIZE : NAT_BEGIN))
			return LOOM_CONTINUE;
		if (!nat_cookie_search(packet, conn, backend))
			break;
	}
	return NAT_DROP_PORTS_EXHAUSTED;
}

#endif
