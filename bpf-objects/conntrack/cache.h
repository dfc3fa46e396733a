/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Connections in a set-associative cache of our own: an array of sets, each with eight ways to be a connection's place. One
 * hash names the set, one or two cache lines hold it, so a hit costs half of what the kernel's LRU hash does, and an
 * insertion into a full table a fifth. conntrack.h says what these functions promise.
 *
 * Readers take no lock: they read key, word and key again. Writers hold the lock that their set shares with others, and
 * empty the key while word and client do not fit it. When all ways are taken the victim is an expired connection, else the
 * one of those that are not assured that was quiet longest. Assured ones stay: neither SYNs nor spoofed handshakes evict
 * them, because only a packet in a later tick assures.
 */
#ifndef LOOM_CONNTRACK_CACHE_H
#define LOOM_CONNTRACK_CACHE_H

#include "conntrack.h"
#include <loom/opaque.h>

#define CACHE_LOCKS 1024

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct loom_set4);
	__uint(max_entries, 1);
} loom_conns4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct loom_set6);
	__uint(max_entries, 1);
} loom_conns6 SEC(".maps");

/* One cache line each, so that writers of different sets do not wait for each other. */
struct cache_lock {
	struct bpf_spin_lock lock;
	__u8 pad[60];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct cache_lock);
	__uint(max_entries, CACHE_LOCKS);
} loom_conn_locks SEC(".maps");

/* Where a connection is or would be. */
struct cache_place {
	struct loom_way *way;       /* the first of the set's eight */
	__be32 (*client)[4];        /* IPv6: addresses beside them; IPv4: NULL, the key says all */
	__u64 key;
	__u32 set;
};

static __always_inline __u64 cache_mix(__u64 hash)
{
	hash *= 0x9e3779b97f4a7c15ULL; /* 2^64 divided by the golden ratio */
	return hash ^ hash >> 32;
}

static __always_inline __u64 cache_key(const struct loom_packet *packet, __u32 address)
{
	return (__u64)address << 32 | (__u32)packet->source_port << 16 | (packet->listener + 1);
}

static __always_inline __u32 cache_set(__u64 hash, __u32 sets)
{
	/* The upper half of a product depends on all bits, the lower on those below. */
	return (cache_mix(hash ^ loom_conn_seed) * 0xd6e8feb86659fd93ULL >> 32) * sets >> 32;
}

/* Returns 0, or -1 if there is no such set, which cannot be. */
static __always_inline int cache_locate(const struct loom_packet *packet, struct cache_place *place)
{
	struct loom_set4 *set4;
	struct loom_set6 *set6;
	__u64 fold;

	place->client = NULL;
	if (packet->family == 4) {
		place->key = cache_key(packet, packet->source[0]);
		place->set = cache_set(place->key, loom_conn_sets4);
		set4 = bpf_map_lookup_elem(&loom_conns4, &place->set);
		place->way = set4 ? set4->way : NULL;
		return set4 ? 0 : -1;
	}
	fold = cache_mix(loom_conn_seed ^ ((__u64)packet->source[0] << 32 | packet->source[1]));
	fold = cache_mix(fold ^ ((__u64)packet->source[2] << 32 | packet->source[3]));
	place->key = cache_key(packet, fold);
	place->set = cache_set(place->key ^ fold, loom_conn_sets6);
	set6 = bpf_map_lookup_elem(&loom_conns6, &place->set);
	if (!set6)
		return -1;
	place->way = set6->way;
	place->client = set6->client;
	return 0;
}

static __always_inline int cache_has_key(const struct cache_place *place, __u32 i)
{
	return *(volatile __u64 *)&place->way[i & (LOOM_WAYS - 1)].key == place->key;
}

/* Whether the way holds the connection; the key of another client over IPv6 is equal once in 2^32 times. */
static __always_inline int cache_is_at(const struct cache_place *place, const struct loom_packet *packet, __u32 i)
{
	if (!cache_has_key(place, i))
		return 0;
	if (!place->client)
		return 1;
	return loom_address_equal(place->client[i & (LOOM_WAYS - 1)], packet->source);
}

/* The way that has the key; if none has it, any. */
static __always_inline __u32 cache_search(const struct cache_place *place, const struct loom_packet *packet)
{
	__u32 found = 0;

#pragma unroll
	for (__u32 i = LOOM_WAYS - 1; i > 0; i--)
		if (place->way[i].key == place->key) {
			found = i;
			break;
		}
	return loom_opaque(packet, found) & (LOOM_WAYS - 1);
}

static __always_inline struct cache_lock *cache_lock_of(const struct cache_place *place)
{
	__u32 number = place->set & (CACHE_LOCKS - 1);

	return bpf_map_lookup_elem(&loom_conn_locks, &number);
}

/*
 * Replaces the word, if the way still holds the connection: the lock keeps it from being given to another one meanwhile. If
 * another CPU has moved it on, that stays. Without a change of state this happens once a tick.
 */
static __noinline int cache_store(struct loom_way *way, struct cache_lock *lock, __u64 key, __u64 word, __u64 next)
{
	if (!way || !lock)
		return 0;
	bpf_spin_lock(&lock->lock);
	if (way->key == key && way->word == word)
		*(volatile __u64 *)&way->word = next;
	bpf_spin_unlock(&lock->lock);
	return 0;
}

/* Moves the connection on by a packet from one side. Returns LOOM_CONN_REFRESHED if that changed its word, and how. */
static __always_inline int cache_move(const struct cache_place *place, struct loom_way *way, __u64 *word,
				      const struct loom_packet *packet, enum loom_side side)
{
	__u64 before = *word;

	if (packet->related || loom_word_is_settled(before, packet))
		return 0;
	*word = loom_conn_next(before, packet->signals, packet->options, packet->now, side);
	if (*word == before)
		return 0;
	cache_store(way, cache_lock_of(place), place->key, before, *word);
	return LOOM_CONN_REFRESHED | (loom_word_revived(before, *word, packet) ? LOOM_CONN_REVIVED : 0);
}

/*
 * Finds the way and its word. Returns NULL if there is none, if it is expired, or if it was given away while it was read. The word
 * is read again behind the key: in between the way may have been another connection's and then this one's again, which the key
 * cannot tell. To be taken in a reader would have to lose its CPU twice within these loads, each time at the right one. The
 * client's address is compared once: whose the word is its second reading tells.
 */
static __always_inline struct loom_way *cache_read(const struct cache_place *place, const struct loom_packet *packet,
						   __u64 *word)
{
	__u32 i = cache_search(place, packet);
	struct loom_way *way = &place->way[i];

	if (!cache_has_key(place, i))
		return NULL;
	*word = *(volatile __u64 *)&way->word;
	if (!cache_is_at(place, packet, i) || (*(volatile __u64 *)&way->word ^ *word) & LOOM_WORD_OWNER)
		return NULL;
	return *word && !loom_word_is_over(*word, packet->now) ? way : NULL;
}

static __noinline int loom_conn_find(const struct loom_packet *packet, struct loom_conn *conn)
{
	struct cache_place place;
	struct loom_way *way;
	__u64 word = 0;
	int refreshed;

	if (cache_locate(packet, &place))
		return 0;
	way = cache_read(&place, packet, &word);
	if (!way)
		return 0;
	if (loom_word_reopens(word, packet->signals)) {
		loom_conn_unpack(conn, word);
		return LOOM_CONN_REOPENED;
	}
	refreshed = cache_move(&place, way, &word, packet, LOOM_SIDE_CLIENT);
	loom_conn_unpack(conn, word);
	return LOOM_CONN_HIT | refreshed;
}

__hidden int loom_conn_answer(const struct loom_packet *packet, __u32 side)
{
	struct cache_place place;
	struct loom_way *way;
	__u64 word = 0;

	if (cache_locate(packet, &place))
		return 0;
	way = cache_read(&place, packet, &word);
	return way ? cache_move(&place, way, &word, packet, side) : 0;
}

/*
 * Comparisons without branches: 1 or 0. The choice of a victim is then one path for the verifier, which would else follow
 * every outcome of each.
 */
static __always_inline __u64 cache_is_zero(__u64 value)
{
	__u64 negative = -value, other;

	barrier_var(negative); /* or clang makes it a comparison and a branch */
	other = (value | negative) >> 63;
	barrier_var(other);
	return other ^ 1;
}

static __always_inline __u64 cache_larger(__u64 a, __u64 b)
{
	__u64 b_is_larger = (__s64)(a - b) >> 63;

	barrier_var(b_is_larger);
	return a ^ ((a ^ b) & b_is_larger);
}

#define CACHE_ASSURED (1 << LOOM_SEEN_BITS) /* what is worth less than this stays */

/* How gladly the connection in a way is given up: by kind, then by age. */
static __always_inline __u64 cache_worth(__u64 word, __u32 now)
{
	__s64 idle = loom_word_idle(word, now), left = (__s64)loom_timeouts[loom_word_state(word)] - idle;
	__u64 passing = ~(word >> LOOM_WORD_ASSURED_AT) & 1, unseen;

	barrier_var(idle);
	barrier_var(left);
	unseen = (__u64)idle >> 63; /* another CPU has seen it since: as good as now */
	barrier_var(unseen);
	return (cache_is_zero(word) << 2 | (__u64)left >> 63 << 1 | passing) << LOOM_SEEN_BITS | (idle & (unseen - 1));
}

/* The way of the same connection, or else the one to give up; LOOM_WAYS if all are to stay. */
static __always_inline __u32 cache_choose(const struct cache_place *place, const struct loom_packet *packet)
{
	__u32 present = cache_search(place, packet);
	__u64 best = 0;

	if (cache_is_at(place, packet, present))
		return present;
#pragma unroll
	for (__u32 i = 0; i < LOOM_WAYS; i++)
		best = cache_larger(best, cache_worth(place->way[i].word, packet->now) << 3 | i);
	return best >> 3 < CACHE_ASSURED ? LOOM_WAYS : best & (LOOM_WAYS - 1);
}

/* What taking the way means for the connection that is in it. */
static __always_inline int cache_outcome(const struct cache_place *place, const struct loom_packet *packet, __u32 i,
					 __u64 word)
{
	if (!word || loom_word_expired(word, packet->now))
		return LOOM_CONN_ADDED;
	if (!cache_is_at(place, packet, i))
		return LOOM_CONN_EVICTED;
	return packet->found ? LOOM_CONN_ADDED : LOOM_CONN_LOST;
}

/* Under the lock of the set. */
static __always_inline int cache_enter(const struct cache_place *place, const struct loom_packet *packet,
				       struct loom_conn *conn)
{
	__u32 i = cache_choose(place, packet);
	struct loom_way *way;
	int outcome;

	if (i >= LOOM_WAYS)
		return LOOM_CONN_REFUSED;
	barrier_var(i); /* or clang leaves the mask out, which the verifier needs */
	i &= LOOM_WAYS - 1;
	way = &place->way[i];
	outcome = cache_outcome(place, packet, i, way->word);
	if (outcome == LOOM_CONN_LOST) {
		loom_conn_unpack(conn, way->word);
		return LOOM_CONN_LOST;
	}
	*(volatile __u64 *)&way->key = 0;
	*(volatile __u64 *)&way->word = loom_conn_pack(conn);
	if (place->client)
		__builtin_memcpy(place->client[i], packet->source, sizeof(place->client[i]));
	barrier();
	*(volatile __u64 *)&way->key = place->key;
	return outcome;
}

static __noinline int loom_conn_add(const struct loom_packet *packet, struct loom_conn *conn)
{
	struct cache_place place;
	struct cache_lock *lock;
	int outcome;

	if (cache_locate(packet, &place))
		return LOOM_CONN_REFUSED;
	lock = cache_lock_of(&place);
	if (!lock)
		return LOOM_CONN_REFUSED;
	bpf_spin_lock(&lock->lock);
	outcome = cache_enter(&place, packet, conn);
	bpf_spin_unlock(&lock->lock);
	return outcome;
}

__hidden int loom_conn_renew(const struct loom_packet *packet, struct loom_conn *conn)
{
	return loom_conn_add(packet, conn) == LOOM_CONN_REFUSED ? -1 : 0;
}

#endif
