/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Which of Loom's ports a new connection had best have, where the one that its hash names is another's. Takes no lock: whoever
 * claims what is found looks again. Only claim.h uses this.
 */
#ifndef LOOM_NAT_SEARCH_H
#define LOOM_NAT_SEARCH_H

#include "pair.h"

/*
 * A bit for each port that somebody has at an address of this host: a server, a vip, Loom itself. The control plane keeps it; a connection that
 * has such a port from before keeps that.
 */
#define NAT_TAKEN_BITS 64
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 65536 / NAT_TAKEN_BITS);
} nat_taken SEC(".maps");

static __always_inline int nat_port_is_taken(__u16 port)
{
	__u32 at = port / NAT_TAKEN_BITS;
	const __u64 *word = bpf_map_lookup_elem(&nat_taken, &at);

	return word && *word >> port % NAT_TAKEN_BITS & 1;
}

#define NAT_TRIES 64 /* places that a search looks at; in their first half it looks for the best, then for any */

/* What a search is for: in a map, since a function that the verifier walks once takes numbers alone. */
struct nat_wanted {
	struct loom_packet packet;
	__be32 backend[4];
	__be32 source[4];
	__u64 hash; /* nat_hash() of both */
	__be16 backend_port;
	__u8 pad[6];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct nat_wanted);
	__uint(max_entries, 1);
} nat_wanted SEC(".maps");

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

static __always_inline const struct nat_pair *nat_place_read(__u32 place, __u32 family)
{
	if (family == 4)
		return bpf_map_lookup_elem(&nat_pairs4, &place);
	return bpf_map_lookup_elem(&nat_pairs6, &place);
}

/* What the place in which a key's pair would be is worth to the connection that looks for a port. */
static __always_inline enum nat_kind nat_place_kind(const struct nat_pair *pair, const struct nat_wanted *wanted, __u16 port,
						    __u32 family)
{
	enum nat_kind kind = nat_word_kind(*(volatile __u64 *)&pair->word, wanted->packet.now);
	struct nat_key key = {
		.backend = wanted->backend,
		.source = wanted->source,
		.backend_port = wanted->backend_port,
		.source_port = bpf_htons(port),
		.protocol = wanted->packet.protocol,
	};
	const __be32 *client = pair->address + 2 * nat_words(family);

	if (kind == NAT_FREE)
		return NAT_FREE;
	if (!nat_pair_has_key(pair, &key, family))
		return kind == NAT_WAITING || kind == NAT_CLOSED ? NAT_RESET : kind;
	if (nat_pair_is_of(pair, &wanted->packet, family))
		return NAT_FREE;
	if (kind == NAT_WAITING && !nat_address_differs(client, wanted->packet.source, family))
		return NAT_KNOWN;
	return kind;
}

#define NAT_KIND_AT (NAT_PORT_BITS + LOOM_SEEN_BITS)

/*
 * How gladly the place of that port is given up: by kind, then by how long it was quiet, then the port itself; 0 if it is held. A global
 * function, so that the verifier walks through it once and not for every port.
 */
__noinline __u64 nat_place_worth(__u32 number, __u32 family)
{
	const struct nat_wanted *wanted = bpf_map_lookup_elem(&nat_wanted, (const void *)&nat_only);
	const struct nat_pair *pair;
	enum nat_kind kind;
	__u16 port = number;
	__u64 idle;

	if (!wanted || nat_port_is_taken(port))
		return 0;
	pair = nat_place_read(nat_place(wanted->hash, port), family);
	if (!pair)
		return 0;
	kind = family == 4 ? nat_place_kind(pair, wanted, port, 4) : nat_place_kind(pair, wanted, port, 6);
	if (kind == NAT_HELD)
		return 0;
	idle = loom_word_idle(pair->word, wanted->packet.now) & ((1 << LOOM_SEEN_BITS) - 1);
	return (__u64)kind << NAT_KIND_AT | idle << NAT_PORT_BITS | port;
}

/* The larger one, without a branch: the verifier would follow both for every port. */
static __always_inline __u64 nat_larger(__u64 a, __u64 b)
{
	__u64 b_is_larger = (__s64)(a - b) >> 63;

	barrier_var(b_is_larger);
	return a ^ ((a ^ b) & b_is_larger);
}

/*
 * The port to take; 0 if there is none. What is free, or this very connection's, ends the search; of the rest the best kind is
 * taken, and of that what was quiet longest. Global, like the above.
 */
__noinline __u32 nat_port_search(__u32 hash, __u32 family)
{
	__u64 best = 0;

	for (__u32 attempt = 0; attempt < NAT_TRIES; attempt++) {
		__u16 port = nat_port_pick(hash, attempt / NAT_WAYS) ^ attempt % NAT_WAYS;

		if (attempt >= NAT_TRIES / 2 && best)
			break;
		if (!nat_port_is_ours(port))
			continue;
		best = nat_larger(best, nat_place_worth(port, family));
		if (best >> NAT_KIND_AT == NAT_FREE)
			break;
	}
	return (__u16)best;
}

static __always_inline void nat_wanted_write(struct nat_wanted *wanted, const struct loom_packet *packet,
					     const struct nat_key *key)
{
	wanted->packet = *packet;
	__builtin_memcpy(wanted->backend, key->backend, sizeof(wanted->backend));
	__builtin_memcpy(wanted->source, key->source, sizeof(wanted->source));
	wanted->backend_port = key->backend_port;
	wanted->hash = nat_hash(key, packet->family);
}

/*
 * Looks for a port, address by address from the one after that which the hash names; each has its turn. Returns it with
 * the cookie that names both, or 0.
 */
static __always_inline __u32 nat_cookie_search(const struct loom_packet *packet, struct loom_conn *conn,
					       const struct loom_backend *backend)
{
	struct nat_wanted *wanted = bpf_map_lookup_elem(&nat_wanted, (const void *)&nat_only);
	__u32 sources = nat_source_count(packet->family), port = 0;
	struct nat_key key;

	for (__u32 turn = 1; wanted && turn < NAT_SOURCES; turn++) {
		conn->cookie = nat_source_pick(packet->hash + turn, sources) << NAT_PORT_BITS;
		nat_key_expect(&key, packet, conn->cookie, backend);
		if (!key.source)
			break;
		nat_wanted_write(wanted, packet, &key);
		port = nat_port_search(packet->hash, packet->family);
		if (port || turn >= sources)
			break;
	}
	conn->cookie |= (__u16)port;
	return port;
}

#endif
