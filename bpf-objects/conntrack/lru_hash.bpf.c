/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Connections in the kernel's LRU hash: runs on every kernel that Loom supports, evicts by itself when full. The type can be
 * set to hash before load; then a full table refuses. loom/conntrack.h says what these functions promise.
 */
#include <loom/age.h>
#include <loom/conntrack.h>

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, struct loom_conn_key4);
	__type(value, struct loom_conn);
	__uint(max_entries, 65536);
} loom_conns4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, struct loom_conn_key6);
	__type(value, struct loom_conn);
	__uint(max_entries, 65536);
} loom_conns6 SEC(".maps");

/* One buffer for either key; the map that goes with it follows from the packet's family. */
union loom_conn_key {
	struct loom_conn_key4 v4;
	struct loom_conn_key6 v6;
};

static __always_inline void loom_conn_key_of(const struct loom_packet *packet, union loom_conn_key *key)
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

static __always_inline struct loom_conn *loom_conn_lookup(const struct loom_packet *packet,
							  const union loom_conn_key *key)
{
	if (packet->family == 4)
		return bpf_map_lookup_elem(&loom_conns4, key);
	return bpf_map_lookup_elem(&loom_conns6, key);
}

static __always_inline long loom_conn_update(const struct loom_packet *packet, const union loom_conn_key *key,
					     const struct loom_conn *conn, __u64 flags)
{
	if (packet->family == 4)
		return bpf_map_update_elem(&loom_conns4, key, conn, flags);
	return bpf_map_update_elem(&loom_conns6, key, conn, flags);
}

static __always_inline void loom_conn_delete(const struct loom_packet *packet, const union loom_conn_key *key)
{
	if (packet->family == 4)
		bpf_map_delete_elem(&loom_conns4, key);
	else
		bpf_map_delete_elem(&loom_conns6, key);
}

/* Moves the entry on; returns LOOM_CONN_REFRESHED if it had to be written. */
static __always_inline int loom_conn_touch(struct loom_conn *entry, const struct loom_packet *packet,
					   enum loom_side side)
{
	struct loom_age age = entry->age;

	loom_age_move(&age, packet->tcp_flags, side);
	if (age.state == entry->age.state && age.fins == entry->age.fins && !loom_age_is_stale(&age, packet->now))
		return 0;
	age.seen = packet->now;
	entry->age = age;
	return LOOM_CONN_REFRESHED;
}

__hidden int loom_conn_find(const struct loom_packet *packet, struct loom_conn *conn)
{
	union loom_conn_key key;
	struct loom_conn *entry;
	int refreshed;

	loom_conn_key_of(packet, &key);
	entry = loom_conn_lookup(packet, &key);
	if (!entry)
		return 0;
	if (loom_age_expired(&entry->age, packet->now)) {
		loom_conn_delete(packet, &key);
		return 0;
	}
	if (loom_age_reopens(&entry->age, packet->tcp_flags))
		return LOOM_CONN_REOPENED;
	refreshed = loom_conn_touch(entry, packet, LOOM_SIDE_CLIENT);
	*conn = *entry;
	return LOOM_CONN_HIT | refreshed;
}

__hidden int loom_conn_add(const struct loom_packet *packet, struct loom_conn *conn)
{
	union loom_conn_key key;
	struct loom_conn *winner;

	loom_conn_key_of(packet, &key);
	if (!loom_conn_update(packet, &key, conn, BPF_NOEXIST))
		return 0;
	winner = loom_conn_lookup(packet, &key);
	if (!winner)
		return -1;
	*conn = *winner;
	return 1;
}

__hidden int loom_conn_replace(const struct loom_packet *packet, const struct loom_conn *conn)
{
	union loom_conn_key key;

	loom_conn_key_of(packet, &key);
	return loom_conn_update(packet, &key, conn, BPF_ANY) ? -1 : 0;
}

__hidden int loom_conn_answer(const struct loom_packet *packet)
{
	union loom_conn_key key;
	struct loom_conn *entry;

	loom_conn_key_of(packet, &key);
	entry = loom_conn_lookup(packet, &key);
	return entry ? loom_conn_touch(entry, packet, LOOM_SIDE_SERVER) : 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
