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

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct loom_member);
	__uint(max_entries, 1024);
} loom_members SEC(".maps");

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
	__uint(max_entries, LOOM_TABLES);
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

/* Which entry of the table; it has at least one. */
static __always_inline __u32 loom_table_position(const struct loom_listener *listener, __u32 hash)
{
	if (listener->index == LOOM_INDEX_COUNTER)
		return loom_table_turn(listener) % listener->table_size;
	return (__u64)hash * listener->table_size >> 32;
}

/* The entry of the table for this packet; 0, which names no backend, if there is none. Each call takes a turn. */
static __always_inline __u32 loom_table_read(const struct loom_listener *listener, __u32 hash)
{
	__u32 number = listener->table, position, row;
	struct loom_table_row *entries;
	void *table;

	if (!listener->table_size)
		return 0;
	position = loom_table_position(listener, hash);
	row = position / LOOM_TABLE_ROW;
	table = bpf_map_lookup_elem(&loom_tables, &number);
	if (!table)
		return 0;
	entries = bpf_map_lookup_elem(table, &row);
	return entries ? entries->entry[position % LOOM_TABLE_ROW] : 0;
}

/* The same away from the packets' path: a global function of numbers alone, so that the verifier walks through it once. */
__noinline __u32 loom_table_draw(__u32 table, __u32 size, __u32 index, __u32 number, __u32 hash)
{
	struct loom_listener listener = {.table = table, .table_size = size, .index = index, .number = number};

	return loom_table_read(&listener, hash);
}

static __always_inline __u32 loom_table_choose(const struct loom_listener *listener, __u32 hash)
{
	return loom_table_draw(listener->table, listener->table_size, listener->index, listener->number, hash);
}

/* The backend of new connections. */
static __always_inline __u32 loom_entry_current(__u32 entry)
{
	return entry & LOOM_BACKEND_MASK;
}

/* The backend of connections from before the entry changed. */
static __always_inline __u32 loom_entry_previous(__u32 entry)
{
	return entry >> LOOM_BACKEND_BITS & LOOM_BACKEND_MASK;
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
