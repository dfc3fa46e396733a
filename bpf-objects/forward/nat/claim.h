/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* How a connection gets its pair, and how both move along. Only nat.bpf.c uses this. */
#ifndef LOOM_NAT_CLAIM_H
#define LOOM_NAT_CLAIM_H

#include "pair.h"

#define NAT_DROP_PORTS_EXHAUSTED LOOM_METHOD_DROP(0)
#define NAT_TRIES 64 /* places that a search looks at */
#define NAT_CLAIMS 16 /* the first port, and what is found: another CPU may snatch that away */
#define NAT_CROWDED (1 << NAT_PORT_BITS)

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
					 int urgent, __u32 family)
{
	int result = -1;

	bpf_spin_lock(&pair->lock);
	if (nat_word_is_free(pair->word, packet->now, urgent) ||
	    (nat_pair_has_key(pair, key, family) && nat_pair_is_of(pair, packet, family))) {
		nat_pair_write(pair, key, packet, link, family);
		*(volatile __u64 *)&pair->word = word;
		result = 0;
	}
	bpf_spin_unlock(&pair->lock);
	return result;
}

/* The key of replies to a connection with that cookie. */
static __always_inline void nat_key_expect(struct nat_key *key, const struct loom_packet *packet, __u32 cookie,
					   const struct loom_backend *backend)
{
	key->backend = backend->address;
	key->source = nat_source_of(cookie, backend);
	key->backend_port = backend->port;
	key->source_port = nat_port_of(cookie);
	key->protocol = packet->protocol;
}

static __always_inline int nat_pair_claim_in(struct xdp_md *ctx, const struct loom_packet *packet,
					     const struct loom_conn *conn, const struct loom_backend *backend,
					     int urgent, __u32 family)
{
	struct nat_link link;
	struct nat_pair *pair;
	struct nat_key key;

	nat_key_expect(&key, packet, conn->cookie, backend);
	if (!key.source || nat_link_learn(link.mac, &link.ifindex, ctx))
		return -1;
	pair = nat_pair_at(&key, family);
	return pair ? nat_pair_take(pair, &key, packet, &link, loom_conn_pack(conn), urgent, family) : -1;
}

/*
 * Claims the address and port that the cookie names, for a connection that begins; for one that goes on it keeps the pair
 * alive, true to where the client now comes from, and puts back one that has vanished.
 */
static __noinline int nat_pair_claim(struct xdp_md *ctx, const struct loom_packet *packet,
				     const struct loom_conn *conn, const struct loom_backend *backend, int urgent)
{
	if (packet->family == 4)
		return nat_pair_claim_in(ctx, packet, conn, backend, urgent, 4);
	return nat_pair_claim_in(ctx, packet, conn, backend, urgent, 6);
}


static __always_inline const struct nat_pair *nat_place_read(__u32 place, __u32 family)
{
	if (family == 4)
		return bpf_map_lookup_elem(&nat_pairs4, &place);
	return bpf_map_lookup_elem(&nat_pairs6, &place);
}

/*
 * A port whose place is free; 0 if there is none, NAT_CROWDED if that is because others hash there. Takes no lock: the claim
 * looks again. A global function, so that the verifier walks its loop once and not for every state of its caller; and of
 * numbers alone, as Linux 5.10 wants it.
 */
__noinline __u32 nat_port_search(__u64 hash, __u32 flow, __u32 family, __be16 backend_port, __u32 now)
{
	int crowded = 0;

	for (__u32 attempt = 0; attempt < NAT_TRIES; attempt++) {
		__u16 port = nat_port_pick(flow, attempt / NAT_WAYS) ^ attempt % NAT_WAYS;
		const struct nat_pair *pair;

		if (!nat_port_is_ours(port))
			continue;
		pair = nat_place_read(nat_place(hash, port), family);
		if (!pair)
			return 0;
		if (nat_word_is_free(pair->word, now, attempt >= NAT_TRIES / 2))
			return port;
		crowded |= (pair->source_port ^ bpf_htons(port)) | (pair->backend_port ^ backend_port);
	}
	return crowded ? NAT_CROWDED : 0;
}

/*
 * Looks for a free port, address by address from the one after that which the hash names; each has its turn, also when the
 * places of another are crowded. Returns it with the cookie that names both, or what nat_port_search() said last.
 */
static __always_inline __u32 nat_cookie_search(const struct loom_packet *packet, struct loom_conn *conn,
					       const struct loom_backend *backend)
{
	__u32 sources = nat_source_count(packet->family), port = 0;
	struct nat_key key;

	for (__u32 turn = 1; turn < NAT_SOURCES; turn++) {
		conn->cookie = nat_source_pick(packet->hash + turn, sources) << NAT_PORT_BITS;
		nat_key_expect(&key, packet, conn->cookie, backend);
		if (!key.source)
			break;
		port = nat_port_search(nat_hash(&key, packet->family), packet->hash, packet->family, backend->port,
				       packet->now);
		if ((__u16)port || turn >= sources)
			break;
	}
	conn->cookie |= (__u16)port;
	return port;
}

/*
 * Finds and claims an address and port for a new connection, first those that its hash names: the connection may have had
 * them before. Returns LOOM_CONTINUE, or why there is none.
 */
static __always_inline int nat_pair_open(struct xdp_md *ctx, const struct loom_packet *packet, struct loom_conn *conn,
					 const struct loom_backend *backend)
{
	__u32 port = 0;

	conn->cookie = nat_source_pick(packet->hash, nat_source_count(packet->family)) << NAT_PORT_BITS |
		       nat_port_pick(packet->hash, 0);
	for (__u32 claim = 0; claim < NAT_CLAIMS; claim++) {
		if (!nat_pair_claim(ctx, packet, conn, backend, claim > 0))
			return LOOM_CONTINUE;
		port = nat_cookie_search(packet, conn, backend);
		if (!(__u16)port)
			break;
	}
	return port == NAT_CROWDED ? LOOM_DROP_CONNECTIONS_FULL : NAT_DROP_PORTS_EXHAUSTED;
}

#endif
