/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Connections in a set-associative cache of our own: an array of sets, each with eight ways to be a connection's place. One
 * hash names the set, one or two cache lines hold it, so a hit costs half of what the kernel's LRU hash does, and an
 * insertion into a full table a fifth. loom/conntrack.h says what these functions promise.
 *
 * Readers take no lock: they read key, word and key again. Writers hold the lock that their set shares with others, and
 * empty the key while word and client do not fit it. When all ways are taken the victim is an expired connection, else the
 * one of those that are not assured that was quiet longest. Assured ones stay: neither SYNs nor spoofed handshakes evict
 * them, because only a packet in a later tick assures.
 */
#include <loom/conntrack.h>

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
	return (__u64)(__u32)(cache_mix(hash ^ loom_conn_seed) >> 16) * sets >> 32;
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
	place->set = cache_set(place->key ^ fold >> 32, loom_conn_sets6);
	set6 = bpf_map_lookup_elem(&loom_conns6, &place->set);
	if (!set6)
		return -1;
	place->way = set6->way;
	place->client = set6->client;
	return 0;
}

static __always_inline int cache_is_at(const struct cache_place *place, const struct loom_packet *packet, __u32 i)
{
	const __be32 *client;

	if (place->way[i].key != place->key)
		return 0;
	if (!place->client)
		return 1;
	client = place->client[i];
	return client[0] == packet->source[0] && client[1] == packet->source[1] && client[2] == packet->source[2] &&
	       client[3] == packet->source[3];
}

/* The way that holds the connection, or LOOM_WAYS. */
static __always_inline __u32 cache_search(const struct cache_place *place, const struct loom_packet *packet)
{
	__u32 found = LOOM_WAYS;

#pragma unroll
	for (__u32 i = 0; i < LOOM_WAYS; i++)
		if (found == LOOM_WAYS && cache_is_at(place, packet, i))
			found = i;
	return found;
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
	return LOOM_CONN_REFRESHED;
}

/* Moves the connection on by a packet from one side. Returns LOOM_CONN_REFRESHED if that changed its word. */
static __always_inline int cache_move(const struct cache_place *place, struct loom_way *way, __u64 *word,
				      const struct loom_packet *packet, enum loom_side side)
{
	__u64 before = *word;

	if (loom_word_is_settled(before, packet))
		return 0;
	*word = loom_word_move(before, packet, side);
	return *word == before ? 0 : cache_store(way, cache_lock_of(place), place->key, before, *word);
}

/* Finds the way and its word. Returns NULL if there is none, if it is expired, or if it changed while it was read. */
static __always_inline struct loom_way *cache_read(const struct cache_place *place, const struct loom_packet *packet,
						   __u64 *word)
{
	__u32 i = cache_search(place, packet);
	struct loom_way *way;

	if (i >= LOOM_WAYS)
		return NULL;
	way = &place->way[i];
	*word = *(volatile __u64 *)&way->word;
	if (*(volatile __u64 *)&way->key != place->key || !cache_is_at(place, packet, i))
		return NULL;
	return *word && !loom_word_expired(*word, packet->now) ? way : NULL;
}

__hidden int loom_conn_find(const struct loom_packet *packet, struct loom_conn *conn)
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
	if (loom_word_reopens(word, packet->signals))
		return LOOM_CONN_REOPENED;
	refreshed = cache_move(&place, way, &word, packet, LOOM_SIDE_CLIENT);
	loom_conn_unpack(conn, word);
	return LOOM_CONN_HIT | refreshed;
}

__hidden int loom_conn_answer(const struct loom_packet *packet)
{
	struct cache_place place;
	struct loom_way *way;
	__u64 word = 0;

	if (cache_locate(packet, &place))
		return 0;
	way = cache_read(&place, packet, &word);
	return way ? cache_move(&place, way, &word, packet, LOOM_SIDE_SERVER) : 0;
}

/* How gladly the connection in a way is given up; 0: never. */
static __always_inline __u32 cache_worth(__u64 key, __u64 word, __u32 now)
{
	__u32 age = loom_word_idle(word, now) & ((1 << LOOM_SEEN_BITS) - 1);

	if (!key || !word)
		return 3 << LOOM_SEEN_BITS;
	if (loom_word_expired(word, now))
		return 2 << LOOM_SEEN_BITS | age;
	return word >> LOOM_WORD_ASSURED_AT & 1 ? 0 : 1 << LOOM_SEEN_BITS | age;
}

/* The way of the same connection, or the one to give up: LOOM_WAYS if there is none. */
static __always_inline __u32 cache_choose(const struct cache_place *place, const struct loom_packet *packet)
{
	__u32 chosen = cache_search(place, packet), best = 0;

	if (chosen < LOOM_WAYS)
		return chosen;
#pragma unroll
	for (__u32 i = 0; i < LOOM_WAYS; i++) {
		__u32 worth = cache_worth(place->way[i].key, place->way[i].word, packet->now);

		if (worth > best) {
			best = worth;
			chosen = i;
		}
	}
	return chosen;
}

__hidden int loom_conn_add(const struct loom_packet *packet, struct loom_conn *conn)
{
	int result = LOOM_CONN_REFUSED;
	struct cache_place place;
	struct cache_lock *lock;
	struct loom_way *way;
	__u64 word;
	__u32 i;

	if (cache_locate(packet, &place))
		return LOOM_CONN_REFUSED;
	lock = cache_lock_of(&place);
	if (!lock)
		return LOOM_CONN_REFUSED;
	bpf_spin_lock(&lock->lock);
	i = cache_choose(&place, packet);
	if (i < LOOM_WAYS) {
		way = &place.way[i];
		word = way->word;
		result = word && way->key && !loom_word_expired(word, packet->now) ? LOOM_CONN_EVICTED : LOOM_CONN_ADDED;
		if (result == LOOM_CONN_EVICTED && !packet->found && cache_is_at(&place, packet, i)) {
			loom_conn_unpack(conn, word);
			result = LOOM_CONN_LOST;
		} else {
			*(volatile __u64 *)&way->key = 0;
			*(volatile __u64 *)&way->word = loom_conn_pack(conn);
			if (place.client)
				__builtin_memcpy(place.client[i], packet->source, sizeof(place.client[i]));
			barrier();
			*(volatile __u64 *)&way->key = place.key;
		}
	}
	bpf_spin_unlock(&lock->lock);
	return result;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
