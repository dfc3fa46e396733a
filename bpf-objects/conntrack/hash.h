/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Connections in the kernel's LRU hash, for those who ask for it: evicts by itself when full, and cannot tell assured
 * connections from others. The type can be set to hash before load; then a full table refuses. conntrack.h says what
 * these functions promise.
 */
#ifndef LOOM_CONNTRACK_HASH_H
#define LOOM_CONNTRACK_HASH_H

#include "conntrack.h"

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, struct loom_conn_key4);
	__type(value, __u64);
	__uint(max_entries, 65536);
} loom_conns4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, struct loom_conn_key6);
	__type(value, __u64);
	__uint(max_entries, 65536);
} loom_conns6 SEC(".maps");

/* One buffer for either key; the map that goes with it follows from the packet's family. */
union hash_key {
	struct loom_conn_key4 v4;
	struct loom_conn_key6 v6;
};

static __always_inline void hash_key_of(const struct loom_packet *packet, union hash_key *key)
{
	if (packet->family == 4) {
		key->v4.address = packet->source[0];
		key->v4.port = packet->source_port;
		key->v4.listener = packet->listener;
		return;
	}
	__builtin_memcpy(key->v6.address, packet->source, sizeof(key->v6.address));
	key->v6.port = packet->source_port;
	key->v6.listener = packet->listener;
}

static __always_inline __u64 *hash_lookup(const struct loom_packet *packet, const union hash_key *key)
{
	if (packet->family == 4)
		return bpf_map_lookup_elem(&loom_conns4, key);
	return bpf_map_lookup_elem(&loom_conns6, key);
}

static __always_inline long hash_update(const struct loom_packet *packet, const union hash_key *key, const __u64 *word,
					__u64 flags)
{
	if (packet->family == 4)
		return bpf_map_update_elem(&loom_conns4, key, word, flags);
	return bpf_map_update_elem(&loom_conns6, key, word, flags);
}

static __always_inline void hash_delete(const struct loom_packet *packet, const union hash_key *key)
{
	if (packet->family == 4)
		bpf_map_delete_elem(&loom_conns4, key);
	else
		bpf_map_delete_elem(&loom_conns6, key);
}

/* Moves the connection on by a packet from one side. Returns LOOM_CONN_REFRESHED if that changed its word, and how. */
static __always_inline int hash_move(__u64 *entry, __u64 *word, const struct loom_packet *packet, enum loom_side side)
{
	__u64 before = *word;

	if (packet->related || loom_word_is_settled(before, packet))
		return 0;
	*word = loom_conn_next(before, packet->signals, packet->options, packet->now, side);
	if (*word == before)
		return 0;
	*entry = *word;
	return LOOM_CONN_REFRESHED | (loom_word_revived(before, *word, packet) ? LOOM_CONN_REVIVED : 0);
}

static __noinline int loom_conn_find(const struct loom_packet *packet, struct loom_conn *conn)
{
	union hash_key key;
	__u64 *entry, word;
	int moved;

	hash_key_of(packet, &key);
	entry = hash_lookup(packet, &key);
	if (!entry)
		return 0;
	word = *entry;
	if (loom_word_is_over(word, packet->now)) {
		hash_delete(packet, &key);
		return 0;
	}
	if (loom_word_reopens(word, packet->signals)) {
		loom_conn_unpack(conn, word);
		return LOOM_CONN_REOPENED;
	}
	moved = hash_move(entry, &word, packet, LOOM_SIDE_CLIENT);
	loom_conn_unpack(conn, word);
	return LOOM_CONN_HIT | moved;
}

static __noinline int loom_conn_add(const struct loom_packet *packet, struct loom_conn *conn)
{
	__u64 word = loom_conn_pack(conn), *winner;
	union hash_key key;

	hash_key_of(packet, &key);
	if (!hash_update(packet, &key, &word, packet->found ? BPF_ANY : BPF_NOEXIST))
		return LOOM_CONN_ADDED;
	winner = hash_lookup(packet, &key);
	if (!winner || packet->found)
		return LOOM_CONN_REFUSED;
	loom_conn_unpack(conn, *winner);
	return LOOM_CONN_LOST;
}

__hidden int loom_conn_renew(const struct loom_packet *packet, struct loom_conn *conn)
{
	return loom_conn_add(packet, conn) == LOOM_CONN_REFUSED ? -1 : 0;
}

__hidden int loom_conn_answer(const struct loom_packet *packet, __u32 side)
{
	union hash_key key;
	__u64 *entry, word;

	hash_key_of(packet, &key);
	entry = hash_lookup(packet, &key);
	if (!entry)
		return 0;
	word = *entry;
	return hash_move(entry, &word, packet, side);
}

#endif
