/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The backend of a new connection, by lookup table, and what is known of a backend. */
#ifndef LOOM_CORE_TABLE_H
#define LOOM_CORE_TABLE_H

#include <loom/packet.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct loom_backend);
	__uint(max_entries, 1024);
} loom_backends SEC(".maps");

/*
 * BPF_F_INNER_MAP on the template and on the inner maps alike lets their sizes differ. Sizes, not types: clang leaves types
 * that only a nested map definition names out of the BTF.
 */
struct loom_table {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct loom_table_row));
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE | BPF_F_INNER_MAP);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__type(key, __u32);
	__uint(max_entries, 1024);
	__array(values, struct loom_table);
} loom_tables SEC(".maps");

/* Whose turn it is: for each listener, tables that go by counter count the connections that this CPU began. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, LOOM_LISTENERS);
} loom_turns SEC(".maps");

static __always_inline __u32 loom_table_turn(const struct loom_listener *listener)
{
	__u32 number = listener->number;
	__u32 *turn = bpf_map_lookup_elem(&loom_turns, &number);

	return turn ? (*turn)++ : 0;
}

/* The entry of the table for a new connection; the table has at least one. */
static __always_inline __u32 loom_table_entry(const struct loom_listener *listener, __u32 hash)
{
	if (listener->index == LOOM_INDEX_COUNTER)
		return loom_table_turn(listener) % listener->table_size;
	return (__u64)hash * listener->table_size >> 32;
}

/* The number of the backend that the table picks; 0, which is nobody's, if there is none. */
static __always_inline __u32 loom_table_pick(const struct loom_listener *listener, __u32 hash)
{
	__u32 number = listener->table, entry, row;
	struct loom_table_row *backends;
	void *table;

	if (!listener->table_size)
		return 0;
	entry = loom_table_entry(listener, hash);
	row = entry / LOOM_TABLE_ROW;
	table = bpf_map_lookup_elem(&loom_tables, &number);
	if (!table)
		return 0;
	backends = bpf_map_lookup_elem(table, &row);
	return backends ? backends->backend[entry % LOOM_TABLE_ROW] : 0;
}

/* The backend of that number, or NULL if there is none or its connections shall choose anew. */
static __always_inline struct loom_backend *loom_backend_find(__u32 number)
{
	struct loom_backend *backend = bpf_map_lookup_elem(&loom_backends, &number);

	if (!backend || !backend->family || backend->flags & LOOM_BACKEND_DOWN)
		return NULL;
	return backend;
}

#endif
