/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The reply half of a connection that keeps the client's address: backends route their replies through Loom. Nothing is
 * chosen here, so a key that hashes badly has no other to turn to: kernel hashes hold these. Only nat.bpf.c uses this.
 */
#ifndef LOOM_NAT_KEPT_H
#define LOOM_NAT_KEPT_H

#include "claim.h"
#include "reply.h"

#define NAT_DROP_CLIENT_TAKEN LOOM_METHOD_DROP(1)

struct nat_kept_key4 {
	__be32 backend;
	__be32 client;
	__be16 backend_port;
	__be16 client_port;
	__u8 protocol;
	__u8 pad[3];
};

struct nat_kept_key6 {
	__be32 backend[4];
	__be32 client[4];
	__be16 backend_port;
	__be16 client_port;
	__u8 protocol;
	__u8 pad[3];
};

union nat_kept_key {
	struct nat_kept_key4 v4;
	struct nat_kept_key6 v6;
};

/* Begins as struct nat_pair does, so that one code renews and completes either; the other ports stand in the key. */
struct nat_kept {
	__u64 word;                /* of the connection, as its own */
	struct bpf_spin_lock lock; /* over a change of owner */
	__u32 ifindex;             /* of the link to the client, as is mac */
	__be16 port[3];
	__be16 vip_port;
	__u32 mac[3];
	__u16 listener;
	__u16 pad;
	__u32 awaited; /* as in struct nat_pair */
	__u32 pad2;
	__be32 vip[4];
};

_Static_assert(__builtin_offsetof(struct nat_kept, lock) == __builtin_offsetof(struct nat_pair, lock), "nat");
_Static_assert(__builtin_offsetof(struct nat_kept, ifindex) == __builtin_offsetof(struct nat_pair, ifindex), "nat");
_Static_assert(__builtin_offsetof(struct nat_kept, mac) == __builtin_offsetof(struct nat_pair, mac), "nat");
_Static_assert(__builtin_offsetof(struct nat_kept, awaited) == __builtin_offsetof(struct nat_pair, awaited), "nat");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct nat_kept_key4);
	__type(value, struct nat_kept);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} nat_kept4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct nat_kept_key6);
	__type(value, struct nat_kept);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} nat_kept6 SEC(".maps");

/* Not 0 since the first such connection: before, nobody's packets are looked up here. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 1);
} nat_keeps SEC(".maps");

static __always_inline __u32 *nat_keeps_flag(void)
{
	return bpf_map_lookup_elem(&nat_keeps, (const void *)&nat_only);
}

static __always_inline int nat_keeps_any(void)
{
	const __u32 *keeps = nat_keeps_flag();

	return keeps && *keeps;
}

static __always_inline struct nat_kept *nat_kept_lookup(__u32 family, const union nat_kept_key *key)
{
	if (family == 4)
		return bpf_map_lookup_elem(&nat_kept4, key);
	return bpf_map_lookup_elem(&nat_kept6, key);
}

static __always_inline long nat_kept_insert(__u32 family, const union nat_kept_key *key, const struct nat_kept *kept)
{
	if (family == 4)
		return bpf_map_update_elem(&nat_kept4, key, kept, BPF_NOEXIST);
	return bpf_map_update_elem(&nat_kept6, key, kept, BPF_NOEXIST);
}

/* The packet is a client's; with backend NULL it is a backend's. */
static __always_inline void nat_kept_key_of(union nat_kept_key *key, const struct loom_packet *packet,
					    const struct loom_backend *backend)
{
	const __be32 *peer = backend ? backend->address : packet->source;
	const __be32 *client = backend ? packet->source : packet->destination;

	__builtin_memset(key, 0, sizeof(*key));
	if (packet->family == 4) {
		key->v4.backend = peer[0];
		key->v4.client = client[0];
		key->v4.backend_port = backend ? backend->port : packet->source_port;
		key->v4.client_port = backend ? packet->source_port : packet->destination_port;
		key->v4.protocol = packet->protocol;
		return;
	}
	__builtin_memcpy(key->v6.backend, peer, sizeof(key->v6.backend));
	__builtin_memcpy(key->v6.client, client, sizeof(key->v6.client));
	key->v6.backend_port = backend ? backend->port : packet->source_port;
	key->v6.client_port = backend ? packet->source_port : packet->destination_port;
	key->v6.protocol = packet->protocol;
}

/* Takes over the half that is there. Returns NAT_DROP_CLIENT_TAKEN if it is of a connection through another vip. */
static __always_inline int nat_kept_take(struct nat_kept *taken, const struct nat_kept *kept, __u32 now,
					 enum nat_claim claim)
{
	int result = NAT_DROP_CLIENT_TAKEN;

	bpf_spin_lock(&taken->lock);
	if (taken->listener == kept->listener || loom_word_expired(taken->word, now)) {
		taken->word = kept->word;
		if (claim != NAT_KEEP)
			taken->awaited = 0;
		taken->listener = kept->listener;
		taken->vip_port = kept->vip_port;
		__builtin_memcpy(taken->vip, kept->vip, sizeof(taken->vip));
		__builtin_memcpy(taken->mac, kept->mac, sizeof(taken->mac));
		taken->ifindex = kept->ifindex;
		result = LOOM_CONTINUE;
	}
	bpf_spin_unlock(&taken->lock);
	return result;
}

/* Like nat_pair_claim(), for a connection that keeps the client's address. */
static __noinline int nat_kept_claim(struct xdp_md *ctx, const struct loom_packet *packet,
				     const struct loom_conn *conn, const struct loom_backend *backend,
				     enum nat_claim claim)
{
	__u32 *keeps = nat_keeps_flag();
	struct nat_kept kept = {}, *taken;
	union nat_kept_key key;

	if (!keeps || nat_link_learn(kept.mac, &kept.ifindex, ctx))
		return NAT_DROP_CLIENT_TAKEN;
	if (!*keeps)
		*keeps = 1;
	kept.word = loom_conn_pack(conn);
	kept.listener = packet->listener;
	kept.vip_port = packet->destination_port;
	__builtin_memcpy(kept.vip, packet->destination, sizeof(kept.vip));
	nat_kept_key_of(&key, packet, backend);
	taken = nat_kept_lookup(packet->family, &key);
	if (taken)
		return nat_kept_take(taken, &kept, packet->now, claim);
	if (!nat_kept_insert(packet->family, &key, &kept))
		return LOOM_CONTINUE;
	taken = nat_kept_lookup(packet->family, &key);
	return taken ? nat_kept_take(taken, &kept, packet->now, claim) : LOOM_DROP_CONNECTIONS_FULL;
}

/* Like nat_reply_read(). What is returned begins as a pair does: with the word and the lock over it. */
static __noinline struct nat_pair *nat_kept_read(struct nat_reply *reply, const struct loom_packet *packet)
{
	union nat_kept_key key;
	struct nat_kept *kept;

	nat_kept_key_of(&key, packet, NULL);
	kept = nat_kept_lookup(packet->family, &key);
	if (!kept)
		return NULL;
	__builtin_memcpy(reply->client, packet->destination, sizeof(reply->client));
	reply->client_port = packet->destination_port;
	reply->kept = 1;
	bpf_spin_lock(&kept->lock);
	reply->word = kept->word;
	reply->listener = kept->listener;
	reply->vip_port = kept->vip_port;
	__builtin_memcpy(reply->vip, kept->vip, sizeof(reply->vip));
	__builtin_memcpy(reply->mac, kept->mac, sizeof(reply->mac));
	reply->ifindex = kept->ifindex;
	bpf_spin_unlock(&kept->lock);
	return loom_word_is_over(reply->word, packet->now) ? NULL : (struct nat_pair *)kept;
}

#endif
