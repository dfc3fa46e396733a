/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Whether a packet is for a vip: the listener of its destination, the flow's hash, the IPv4 header's checksum. */
#ifndef LOOM_CORE_LISTENER_H
#define LOOM_CORE_LISTENER_H

#include <linux/ip.h>
#include <loom/checksum.h>
#include <loom/packet.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct loom_listener_key4);
	__type(value, struct loom_listener);
	__uint(max_entries, LOOM_LISTENERS);
} loom_listeners4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct loom_listener_key6);
	__type(value, struct loom_listener);
	__uint(max_entries, LOOM_LISTENERS);
} loom_listeners6 SEC(".maps");

static __always_inline struct loom_listener *loom_listener_find(const struct loom_packet *packet)
{
	struct loom_listener_key6 key = {};

	if (packet->family == 4) {
		struct loom_listener_key4 key4 = {packet->destination[0], packet->destination_port, packet->protocol,
						  0};

		return bpf_map_lookup_elem(&loom_listeners4, &key4);
	}
	__builtin_memcpy(key.address, packet->destination, sizeof(key.address));
	key.port = packet->destination_port;
	key.protocol = packet->protocol;
	return bpf_map_lookup_elem(&loom_listeners6, &key);
}

/* One round of a multiply-and-shift hash (the constant is 2^64 divided by the golden ratio). */
static __always_inline __u64 loom_hash_mix(__u64 hash, __u64 word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
	return hash ^ hash >> 32;
}

static __always_inline __u64 loom_hash_pair(const __be32 *words)
{
	return (__u64)words[0] << 32 | words[1];
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

/* The sum of an IPv4 header without its options. */
static __always_inline __u64 loom_header_sum(const __u32 *word)
{
	return (__u64)word[0] + word[1] + word[2] + word[3] + word[4];
}

/* Whether the IPv4 header sums up; IPv6 has no checksum to be wrong. */
static __always_inline int loom_header_is_sound(struct xdp_md *ctx, const struct loom_packet *packet)
{
	void *end = (void *)(long)ctx->data_end;
	__u32 *word = (void *)(long)ctx->data + loom_packet_l3(packet);
	__u32 options = (__u32)(packet->l4 - packet->l3 - sizeof(struct iphdr)) / 4;
	__u64 sum;

	if (packet->family != 4)
		return 1;
	if ((void *)(word + 5) > end)
		return 0;
	sum = loom_header_sum(word);
	word += 5;
	for (int i = 0; i < 10 && options; i++, word++, options--) {
		barrier_var(end); /* or clang 19 compares with end + 1, which no verifier allows */
		if ((void *)(word + 1) > end)
			return 0;
		sum += *word;
	}
	return loom_sum_fold(sum) == 0xffff;
}

#endif
