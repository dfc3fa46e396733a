/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Whether a packet is for a vip: the listener of its destination, and the flow's hash. */
#ifndef LOOM_CORE_LISTENER_H
#define LOOM_CORE_LISTENER_H

#include <loom/packet.h>
#include <loom/opaque.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct loom_bucket4);
	__uint(max_entries, LOOM_BUCKETS);
} loom_listeners4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct loom_bucket6);
	__uint(max_entries, LOOM_BUCKETS);
} loom_listeners6 SEC(".maps");

#define LOOM_HASH_FACTOR 0x9e3779b97f4a7c15ULL /* 2^64 divided by the golden ratio */

/* One round of a multiply-and-shift hash. */
static __always_inline __u64 loom_hash_mix(__u64 hash, __u64 word)
{
	hash = (hash ^ word) * LOOM_HASH_FACTOR;
	return hash ^ hash >> 32;
}

static __always_inline __u64 loom_hash_pair(const __be32 *words)
{
	return (__u64)words[0] << 32 | words[1];
}

/* The two buckets of a key, from the highest bits of a product, which depend on all of the key's. */
static __always_inline __u32 loom_bucket_first(__u64 product)
{
	return product >> (64 - LOOM_BUCKET_BITS);
}

static __always_inline __u32 loom_bucket_second(__u64 product)
{
	return product >> (64 - 2 * LOOM_BUCKET_BITS) & (LOOM_BUCKETS - 1);
}

static __always_inline __u64 loom_listener_tail(const struct loom_packet *packet)
{
	return (__u64)packet->protocol << 16 | packet->destination_port;
}

/* The place in a bucket where the search has ended. */
static __always_inline __u32 loom_bucket_place(const struct loom_packet *packet, __u32 found)
{
	found = loom_opaque(packet, found);
	barrier_var(found); /* or clang leaves the mask out, which the verifier needs */
	return found & (LOOM_BUCKET_WAYS - 1);
}

static __always_inline struct loom_listener *loom_bucket4_search(struct loom_bucket4 *bucket,
								 const struct loom_packet *packet, __u64 key)
{
#pragma unroll
	for (__u32 i = 0; i < LOOM_BUCKET_WAYS; i++)
		if (*(volatile __u64 *)&bucket->key[i] == key)
			return &bucket->listener[loom_bucket_place(packet, i)];
	return NULL;
}

static __always_inline struct loom_listener *loom_listener4_find(const struct loom_packet *packet, __u64 key)
{
	__u64 product = key * LOOM_HASH_FACTOR;
	__u32 number = loom_bucket_first(product);
	struct loom_bucket4 *bucket = bpf_map_lookup_elem(&loom_listeners4, &number);
	struct loom_listener *found;

	if (!bucket)
		return NULL;
	found = loom_bucket4_search(bucket, packet, key);
	if (found || !*(volatile __u64 *)&bucket->spilled)
		return found;
	number = loom_bucket_second(product);
	bucket = bpf_map_lookup_elem(&loom_listeners4, &number);
	return bucket ? loom_bucket4_search(bucket, packet, key) : NULL;
}

static __always_inline int loom_listener_key6_is(const struct loom_listener_key6 *key, const struct loom_packet *packet,
						 __u64 tail)
{
	return ((const volatile __u64 *)key)[2] == tail && key->address[0] == packet->destination[0] &&
	       key->address[1] == packet->destination[1] && key->address[2] == packet->destination[2] &&
	       key->address[3] == packet->destination[3];
}

static __always_inline struct loom_listener *loom_bucket6_search(struct loom_bucket6 *bucket,
								 const struct loom_packet *packet, __u64 tail)
{
#pragma unroll
	for (__u32 i = 0; i < LOOM_BUCKET_WAYS; i++)
		if (loom_listener_key6_is(&bucket->key[i], packet, tail))
			return &bucket->listener[loom_bucket_place(packet, i)];
	return NULL;
}

static __always_inline struct loom_listener *loom_listener6_find(const struct loom_packet *packet, __u64 tail)
{
	__u64 product = loom_hash_mix(0, loom_hash_pair(packet->destination));
	struct loom_listener *found;
	struct loom_bucket6 *bucket;
	__u32 number;

	product = loom_hash_mix(product, loom_hash_pair(packet->destination + 2));
	product = (product ^ tail) * LOOM_HASH_FACTOR;
	number = loom_bucket_first(product);
	bucket = bpf_map_lookup_elem(&loom_listeners6, &number);
	if (!bucket)
		return NULL;
	found = loom_bucket6_search(bucket, packet, tail);
	if (found || !*(volatile __u64 *)&bucket->spilled)
		return found;
	number = loom_bucket_second(product);
	bucket = bpf_map_lookup_elem(&loom_listeners6, &number);
	return bucket ? loom_bucket6_search(bucket, packet, tail) : NULL;
}

/* `spilled` of a bucket says that some whose first bucket it is are elsewhere. */
static __always_inline struct loom_listener *loom_listener_find(const struct loom_packet *packet)
{
	__u64 tail = loom_listener_tail(packet);

	if (packet->family == 4)
		return loom_listener4_find(packet, tail << 32 | packet->destination[0]);
	return loom_listener6_find(packet, tail);
}

/* Depends on addresses, ports and protocol alone, so that two balancers with equal tables choose alike. */
static __always_inline __u32 loom_flow_hash(const struct loom_packet *packet)
{
	__u64 ports = (__u64)packet->source_port << 32 | (__u32)packet->destination_port << 16 | packet->protocol;
	__u64 hash = loom_hash_mix(0, ports);

	if (packet->family == 4) {
		hash = loom_hash_mix(hash, (__u64)packet->source[0] << 32 | packet->destination[0]);
	} else {
		hash = loom_hash_mix(hash, loom_hash_pair(packet->source));
		hash = loom_hash_mix(hash, loom_hash_pair(packet->source + 2));
		hash = loom_hash_mix(hash, loom_hash_pair(packet->destination));
		hash = loom_hash_mix(hash, loom_hash_pair(packet->destination + 2));
	}
	return loom_hash_mix(hash, hash >> 29) >> 32;
}

#endif
