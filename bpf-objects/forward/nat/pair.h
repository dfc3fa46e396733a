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

#define NAT_QUIET_TICKS 2 /* a place that was written within these has its owner */
#define NAT_HALF_OPEN_TICKS 1

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
	__u32 awaited; /* what the client's first ACK acknowledges, by the backend's SYN+ACK; 0: none has come */
	__u32 pad2;
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
	__u32 awaited;
	__u32 pad2;
	__be32 address[4];
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
	__u32 awaited;
	__u32 pad2;
	__be32 address[4][4];
	__u8 pad3[16];
};

_Static_assert(sizeof(struct nat_pair) == 48, "nat");
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
 * What a place is worth to another connection: the kinds are in the order in which they are given away. A backend's port in
 * TIME-WAIT takes a SYN whose timestamp or sequence number is later than what it has seen (RFC 9293 section 3.10.7.4, RFC
 * 6191), which that of its last client is; else it answers by an ACK that makes the client reset what is there, and try again.
 */
enum nat_kind {
	NAT_HELD = 0,      /* nobody else gets it; so is one that was reset by who knows whom */
	NAT_WAITING = 1,   /* the backend's end has closed first, and waits */
	NAT_KNOWN = 2,     /* so it does, for the same client */
	NAT_HALF_OPEN = 3, /* nobody has shown to be there: no answer to the SYN+ACK, no second datagram in a later tick */
	NAT_CLOSED = 4,    /* the client's end has closed first, and waits */
	NAT_RESET = 5,     /* neither waits, or it is another key's place */
	NAT_FREE = 6,
};

/* What was written a short time ago is held: late segments are still about, and readers rely on it (see above). */
static __always_inline enum nat_kind nat_word_kind(__u64 word, __u32 now)
{
	__u32 state = loom_word_state(word), assured = word >> LOOM_WORD_ASSURED_AT & 1;
	__s32 idle = loom_word_idle(word, now);

	if (!word || loom_word_expired(word, now))
		return NAT_FREE;
	if (loom_state_is_half_open(state) || (state == LOOM_CONN_DATAGRAM && !assured))
		return idle > NAT_HALF_OPEN_TICKS ? NAT_HALF_OPEN : NAT_HELD;
	if (state != LOOM_CONN_TIME_WAIT || idle <= NAT_QUIET_TICKS || loom_word_is_doubted(word))
		return NAT_HELD;
	if (assured)
		return NAT_WAITING; /* who closed first is forgotten */
	switch (word >> LOOM_WORD_FINS_AT & 3) {
	case LOOM_SIDE_CLIENT:
		return NAT_CLOSED;
	case LOOM_SIDE_SERVER:
		return NAT_WAITING;
	}
	return NAT_RESET;
}

#endif
