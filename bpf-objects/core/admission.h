/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Which connections may begin: sources that are denied or come too often, limits of vips and backends, and what becomes of a connection that they do not let begin. Asked
 * only where a connection begins, and only of listeners that are guarded: nothing of this costs a packet of a known connection.
 * The connection table and lookup tables have been included before.
 */
#ifndef LOOM_CORE_ADMISSION_H
#define LOOM_CORE_ADMISSION_H

#include "table.h"
#include "rate.h"
#include "verdict.h"

/*
 * Entries of the table that are looked at, the chosen one among them, for a backend below its limit: where three quarters of
 * the table are full, one connection in 10,000 finds none, of nine tenths one in thirty.
 */
#define LOOM_ADMISSION_TRIES 32

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct loom_guard);
	__uint(max_entries, LOOM_LISTENERS);
} loom_guards SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct loom_limit);
	__uint(max_entries, LOOM_VIPS);
} loom_vlimits SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct loom_limit);
	__uint(max_entries, 1024);
} loom_blimits SEC(".maps");

/*
 * Connections that a backend at its limit has lost to another one, by backend number. Not a member of loom_flow_count, which would be
 * another ABI: an instance that runs without this map gets it with its next program.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 1024);
} loom_overflows SEC(".maps");

#define LOOM_ACL_ENTRIES (1 << 20) /* a bound; memory is taken only for entries that there are */

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct loom_acl_key4);
	__type(value, __u32);
	__uint(max_entries, LOOM_ACL_ENTRIES);
} loom_acl4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct loom_acl_key6);
	__type(value, __u32);
	__uint(max_entries, LOOM_ACL_ENTRIES);
} loom_acl6 SEC(".maps");

static __noinline int loom_acl_denies(const struct loom_packet *packet)
{
	struct loom_acl_key4 key4 = {32, packet->source[0]};
	struct loom_acl_key6 key6 = {.bits = 128};
	const __u32 *action;

	if (packet->family == 4) {
		action = bpf_map_lookup_elem(&loom_acl4, &key4);
	} else {
		__builtin_memcpy(key6.address, packet->source, sizeof(key6.address));
		action = bpf_map_lookup_elem(&loom_acl6, &key6);
	}
	return action && *action == LOOM_ACL_DENY;
}

/* When the bucket of a source is full again, by bpf_ktime_get_ns(). A source that was not seen for long makes room for others. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, struct loom_source_key);
	__type(value, __u64);
	__uint(max_entries, 65536);
} loom_sources SEC(".maps");

/*
 * Whether the source has begun too many connections; if not, this one counts. A token bucket as in rate.h. Of two CPUs that count at once
 * one may be forgotten.
 */
static __noinline int loom_source_exceeds(const struct loom_packet *packet, const struct loom_guard *guard)
{
	struct loom_source_key key = {.family = packet->family, .address = {packet->source[0]}};
	__u64 now = bpf_ktime_get_ns(), full = now, cost, most, *known;

	if (!guard || !guard->rate)
		return 0;
	if (packet->family == 6)
		key.address[1] = packet->source[1];
	key.vip = guard->vip;
	cost = LOOM_SECOND / guard->rate;
	known = bpf_map_lookup_elem(&loom_sources, &key);
	if (!known) {
		full += cost;
		bpf_map_update_elem(&loom_sources, &key, &full, BPF_ANY);
		return 0;
	}
	most = now + cost * guard->burst;
	if (*known > now)
		full = *known;
	if (full > most)
		*known = full = most; /* the limit was a stricter one, of whose larger debt this one does not know */
	if (full + cost > most)
		return 1;
	*known = full + cost;
	return 0;
}

/* Two CPUs that ask at once are both told what was before: each CPU may be one connection too many. */
static __always_inline int loom_limit_is_reached(const struct loom_limit *limit, __u32 now)
{
	const volatile struct loom_limit *state = limit;

	return state && state->limit && state->base + (__s64)state->opened >= (__s64)state->limit &&
	       (__s32)(now - state->counted) <= LOOM_LIMIT_LASTS;
}

static __always_inline void loom_limit_count(struct loom_limit *limit)
{
	if (limit)
		__sync_fetch_and_add(&limit->opened, 1);
}

/* Where the backend's connections are counted, with those of all numbers that its address has; NULL: nowhere. */
static __always_inline struct loom_limit *loom_backend_limit(__u32 number)
{
	const struct loom_member *member = bpf_map_lookup_elem(&loom_members, &number);
	__u32 limit = member ? member->limit : 0;

	return limit ? bpf_map_lookup_elem(&loom_blimits, &limit) : NULL;
}

static __noinline int loom_overflow_count(__u32 backend)
{
	__u64 *count = bpf_map_lookup_elem(&loom_overflows, &backend);

	if (count)
		(*count)++;
	return 0;
}

/*
 * Whether one more connection may go to a backend: it can be reached, unless it is the chosen one, of which that is judged elsewhere, and it is
 * below its limit. A global function, so that the verifier walks through it once and not for every look into the table.
 */
__noinline int loom_admission_has_room(__u32 number, __u32 now, __u32 is_chosen)
{
	const struct loom_backend *backend = loom_backend_find(number);

	if (!is_chosen && (!backend || !backend->ifindex))
		return 0;
	return !loom_limit_is_reached(loom_backend_limit(number), now);
}

/*
 * Leaves a backend in conn that has room for a connection: the chosen one, or the first with room that some more looks into
 * the table find. 0: there is none. That the chosen one is gone is not judged here.
 */
static __noinline int loom_admission_find(const struct loom_packet *packet, const struct loom_listener *listener,
					  struct loom_conn *conn)
{
	__u32 hash = packet->hash, number = conn->backend;

	for (__u32 i = 0; i < LOOM_ADMISSION_TRIES; i++) {
		if (loom_admission_has_room(number, packet->now, !i)) {
			if (i)
				loom_overflow_count(conn->backend);
			conn->backend = number;
			return 1;
		}
		hash = hash * 0x9e3779b1 + 1; /* goes through all 32-bit numbers */
		number = loom_entry_current(loom_table_choose(listener, hash));
	}
	return 0;
}

static __always_inline struct loom_guard *loom_guard_of(const struct loom_packet *packet)
{
	__u32 number = packet->listener;

	return bpf_map_lookup_elem(&loom_guards, &number);
}

/*
 * Whether the connection that the packet would begin may do so: LOOM_CONTINUE, with another backend in conn if the chosen one
 * is at its limit; LOOM_PASS_FALLBACK if the local stack gets it, or the drop that it deserves. A packet from the middle of a
 * connection, which began where Loom did not see it, is not asked for limits: they shall not cut off what exists.
 */
static __noinline int loom_admission_ask(const struct loom_packet *packet, const struct loom_listener *listener,
					 struct loom_conn *conn)
{
	const struct loom_guard *guard = loom_guard_of(packet);
	__u32 limit;

	if (!guard)
		return LOOM_CONTINUE;
	if (guard->flags & LOOM_GUARD_ACL && loom_acl_denies(packet))
		return LOOM_DROP_SOURCE_DENIED;
	if (guard->flags & LOOM_GUARD_REFUSE)
		return LOOM_DROP_NEEDS_USERSPACE;
	if (guard->flags & LOOM_GUARD_LOCAL)
		return LOOM_PASS_FALLBACK;
	if (!loom_packet_opens(packet))
		return LOOM_CONTINUE;
	if (guard->rate && loom_source_exceeds(packet, guard))
		return LOOM_DROP_RATE_LIMIT;
	limit = guard->limit;
	if (!loom_limit_is_reached(bpf_map_lookup_elem(&loom_vlimits, &limit), packet->now) &&
	    loom_admission_find(packet, listener, conn))
		return LOOM_CONTINUE;
	return guard->flags & LOOM_GUARD_OVERFLOW ? LOOM_PASS_FALLBACK : LOOM_DROP_CONNECTION_LIMIT;
}

/* The same of a packet that goes where the table says, without a connection being looked for: only its source can keep it out. */
static __noinline int loom_admission_denies(const struct loom_packet *packet)
{
	const struct loom_guard *guard = loom_guard_of(packet);

	return guard && guard->flags & LOOM_GUARD_ACL && loom_packet_opens(packet) && loom_acl_denies(packet);
}

/* Counts a connection that is tracked from now on towards its limits. */
static __noinline int loom_admission_count(const struct loom_packet *packet, __u32 backend)
{
	const struct loom_guard *guard = loom_guard_of(packet);
	__u32 limit = guard ? guard->limit : 0;

	if (limit)
		loom_limit_count(bpf_map_lookup_elem(&loom_vlimits, &limit));
	loom_limit_count(loom_backend_limit(backend));
	return 0;
}

/* Notes that the flow belongs to the local stack from now on. Another CPU may have been first: then conn is what that has noted. */
static __noinline int loom_admission_keep(const struct loom_packet *packet, struct loom_conn *conn)
{
	int added;

	if (packet->signals & LOOM_SIGNAL_RST)
		return LOOM_PASS_FALLBACK; /* the end of something unknown is not worth an entry */
	conn->backend = LOOM_BACKEND_LOCAL;
	conn->cookie = 0;
	loom_age_begin(conn, packet);
	added = loom_conn_add(packet, conn);
	if (added == LOOM_CONN_ADDED || added == LOOM_CONN_EVICTED)
		loom_connection_count(packet->listener, LOOM_BACKEND_LOCAL);
	if (added == LOOM_CONN_REFUSED)
		loom_verdict_count(LOOM_EVENT_MAP_FULL, 0, 0);
	if (added == LOOM_CONN_EVICTED)
		loom_verdict_count(LOOM_EVENT_EVICTED, 0, 0);
	return conn->backend == LOOM_BACKEND_LOCAL ? LOOM_PASS_FALLBACK : LOOM_CONTINUE;
}

/* A connection that finds no room is beyond a limit as well: the local stack may get it, untracked. */
static __noinline int loom_admission_overflow(const struct loom_packet *packet)
{
	const struct loom_guard *guard = loom_guard_of(packet);

	return guard && guard->flags & LOOM_GUARD_OVERFLOW ? LOOM_PASS_FALLBACK : LOOM_DROP_CONNECTIONS_FULL;
}

#endif
