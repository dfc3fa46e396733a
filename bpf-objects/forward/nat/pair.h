/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The reply half of a translated connection: found by what a backend's packet carries, it holds what the client must see. Its
 * key is the claim on a source port. Each key has exactly one place where its pair can be, and a place is written under its
 * lock: so no two connections get one key, whatever CPU they begin on. A key whose place another one has is not to be had.
 *
 * Readers take no lock: they read the word, copy the rest, and read the word again, which a writer empties while the rest
 * changes and which never has one value for two owners, as an owner is replaced only long after its last tick. Only
 * nat.bpf.c uses this.
 */
#ifndef LOOM_NAT_PAIR_H
#define LOOM_NAT_PAIR_H

#include <linux/if_ether.h>
#include "source.h"

#define NAT_QUIET_TICKS 2

const volatile __u32 nat_groups = 1; /* of NAT_WAYS places, in each table; set before load */

/* The beginning of nat_pair4 and nat_pair6; there so that one code reads both. */
struct nat_pair {
	__u64 word;                /* of the connection, as its own; 0: none, or being written */
	struct bpf_spin_lock lock; /* over writing */
	__u32 ifindex;             /* the client's side: where its last packet came in */
	__be16 backend_port;
	__be16 source_port;
	__be16 client_port;
	__be16 vip_port;
	__u8 mac[12]; /* of frames to the client: destination, source; learned from its own */
	__u16 listener;
	__u8 protocol;
	__u8 pad;
	__be32 address[]; /* backend, source, client, vip: one or four words each */
};

/* One cache line; the kernel wants the lock to be a member of the map's own value. */
struct nat_pair4 {
	__u64 word;
	struct bpf_spin_lock lock;
	__u32 ifindex;
	__be16 port[4];
	__u8 mac[12];
	__u16 listener;
	__u8 protocol;
	__u8 pad;
	__be32 address[4];
	__u8 pad2[8];
};

/* Two cache lines. */
struct nat_pair6 {
	__u64 word;
	struct bpf_spin_lock lock;
	__u32 ifindex;
	__be16 port[4];
	__u8 mac[12];
	__u16 listener;
	__u8 protocol;
	__u8 pad;
	__be32 address[4][4];
	__u8 pad2[24];
};

_Static_assert(sizeof(struct nat_pair) == 40, "nat");
_Static_assert(__builtin_offsetof(struct nat_pair4, address) == sizeof(struct nat_pair), "nat");
_Static_assert(__builtin_offsetof(struct nat_pair6, address) == sizeof(struct nat_pair), "nat");
_Static_assert(sizeof(struct nat_pair4) == 64, "nat");
_Static_assert(sizeof(struct nat_pair6) == 128, "nat");

/* The flag is for what it does to alignment: places begin on a page, so that none straddles cache lines. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct nat_pair4);
	__uint(max_entries, NAT_WAYS);
} nat_pairs4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct nat_pair6);
	__uint(max_entries, NAT_WAYS);
} nat_pairs6 SEC(".maps");

/* The key of arrays with one entry; not on the stack, of which replies have none left (512 bytes over all calls). */
static const volatile __u32 nat_only;

/* What a reply carries. */
struct nat_key {
	const __be32 *backend;
	const __be32 *source; /* Loom's address towards it */
	__be16 backend_port;
	__be16 source_port;
	__u8 protocol;
};

/* The family is a constant where these are called, so that each has code of its own without branches. */
static __always_inline __u32 nat_words(__u32 family)
{
	return family == 4 ? 1 : 4;
}

static __always_inline void nat_address_copy(__be32 *to, const __be32 *from, __u32 family)
{
	__builtin_memcpy(to, from, nat_words(family) * sizeof(*to));
}

static __always_inline __u64 nat_mix(__u64 hash, __u64 word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL; /* 2^64 divided by the golden ratio */
	return hash ^ hash >> 32;
}

/* The part of a key's hash that all ports of an address have in common. */
static __always_inline __u64 nat_hash(const struct nat_key *key, __u32 family)
{
	__u64 hash = nat_mix(loom_conn_seed, (__u64)key->backend[0] << 32 | key->source[0]);

	if (family == 6) {
		hash = nat_mix(hash, (__u64)key->backend[1] << 32 | key->source[1]);
		hash = nat_mix(hash, (__u64)key->backend[2] << 32 | key->source[2]);
		hash = nat_mix(hash, (__u64)key->backend[3] << 32 | key->source[3]);
	}
	return nat_mix(hash, (__u64)key->backend_port << 8 | key->protocol);
}

/* Without the second multiplication the ports of two backends can keep step: where one collides, all of them do. */
static __always_inline __u32 nat_place(__u64 hash, __u16 port)
{
	hash = nat_mix(hash, port / NAT_WAYS) * 0xd6e8feb86659fd93ULL;
	return ((hash >> 32) * nat_groups >> 32) * NAT_WAYS + port % NAT_WAYS;
}

/* The only place where the pair of that key can be; never NULL with the number of groups that fits the table. */
static __always_inline struct nat_pair *nat_pair_at(const struct nat_key *key, __u32 family)
{
	__u32 place = nat_place(nat_hash(key, family), bpf_ntohs(key->source_port));

	if (family == 4)
		return bpf_map_lookup_elem(&nat_pairs4, &place);
	return bpf_map_lookup_elem(&nat_pairs6, &place);
}

/* 0 if the addresses are equal. These collect differences rather than branch, for the verifier's sake and for speed. */
static __always_inline __u32 nat_address_differs(const __be32 *address, const __be32 *other, __u32 family)
{
	if (family == 4)
		return address[0] ^ other[0];
	return (address[0] ^ other[0]) | (address[1] ^ other[1]) | (address[2] ^ other[2]) | (address[3] ^ other[3]);
}

static __always_inline int nat_pair_has_key(const struct nat_pair *pair, const struct nat_key *key, __u32 family)
{
	__u32 differs = nat_address_differs(pair->address, key->backend, family);

	differs |= nat_address_differs(pair->address + nat_words(family), key->source, family);
	differs |= pair->source_port ^ key->source_port;
	differs |= pair->backend_port ^ key->backend_port;
	return !(differs | (pair->protocol ^ key->protocol));
}

/* Whether it is the connection of this packet of a client. */
static __always_inline int nat_pair_is_of(const struct nat_pair *pair, const struct loom_packet *packet, __u32 family)
{
	__u32 differs = nat_address_differs(pair->address + 2 * nat_words(family), packet->source, family);

	differs |= pair->client_port ^ packet->source_port;
	return !(differs | (pair->listener ^ packet->listener));
}

/*
 * Whether another connection may have the place: the owner has expired or, if nothing better was found, has closed and been
 * quiet; closed, not reset by who knows whom. A backend takes a SYN in TIME-WAIT (RFC 9293 section 3.10.7.4, RFC 6191); what the quiet time keeps off is late
 * segments of the old connection.
 */
static __always_inline int nat_word_is_free(__u64 word, __u32 now, __u32 urgent)
{
	if (!word || loom_word_expired(word, now))
		return 1;
	return urgent && loom_word_state(word) == LOOM_CONN_TIME_WAIT && loom_word_idle(word, now) > NAT_QUIET_TICKS &&
	       !loom_word_is_doubted(word);
}

#endif
