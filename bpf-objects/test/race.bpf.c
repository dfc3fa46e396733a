/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Races on two CPUs, with nat's own code and the connection table's: a run is thousands of turns, so that both CPUs are at it
 * at once, which single test runs hardly are. race_keys gives keys of replies to connections and takes them back;
 * race_flow begins one connection on both CPUs, which then get one reply each. race_unlocked.bpf.c is this without locks: it
 * must fail where this does not.
 */
#include "race.h"

static __always_inline __u32 *race_owners_of(__u32 cookie, __u32 backend)
{
	__u32 key = ((cookie & 0xffff) - nat_port_first) * RACE_BACKENDS + backend;

	return bpf_map_lookup_elem(&race_owners, &key);
}

/* No two connections of one key have equal words at short intervals, as in life, where ticks lie between them. */
static __always_inline void race_claim(struct xdp_md *ctx, struct race_cpu *me, struct race_held *held)
{
	__u32 client = ++me->step * RACE_CPUS + race_this_cpu(), backend = race_random(me) % RACE_BACKENDS;
	struct loom_conn conn = {.backend = client & LOOM_BACKEND_MASK};
	__u32 *owners;

	race_begin(me, client, backend, RACE_LONG_AGO);
	loom_age_begin(&conn, &me->packet);
	if (nat_pair_open(ctx, &me->packet, &conn, &me->backend) != LOOM_CONTINUE) {
		me->refused++;
		return;
	}
	owners = race_owners_of(conn.cookie, backend);
	if (!owners)
		return;
	__sync_fetch_and_add(owners, 1);
	if (*(volatile __u32 *)owners != 1)
		me->shared++;
	me->claims++;
	held->client = client;
	held->cookie = conn.cookie;
	held->backend = backend;
}

/* The connection expires; until then its replies were its own. */
static __always_inline void race_release(struct race_cpu *me, struct race_held *held)
{
	struct nat_pair *pair = race_reply(me, held->cookie, held->backend, RACE_LONG_AGO);
	__u32 *owners = race_owners_of(held->cookie, held->backend);
	int mine = pair && me->reply.client[0] == held->client;

	held->client = 0;
	if (owners)
		__sync_fetch_and_add(owners, -1);
	if (mine)
		*(volatile __u64 *)&pair->word = 1; /* last seen in tick 0 */
	else
		me->strayed++;
}

/* A reply to any connection. */
static __always_inline void race_look(struct race_cpu *me)
{
	__u32 cookie = nat_port_first + race_random(me) % nat_port_count;

	if (!race_reply(me, cookie, race_random(me) % RACE_BACKENDS, RACE_LONG_AGO))
		return;
	me->seen++;
	if (!race_is_whole(&me->reply))
		me->torn++;
}

__noinline int race_keys_turn(struct xdp_md *ctx)
{
	struct race_cpu *me = race_cpu_at(race_this_cpu());
	struct race_held *held;

	if (!me)
		return 0;
	race_look(me);
	held = &me->held[race_random(me) % RACE_HELD];
	if (held->client)
		race_release(me, held);
	else
		race_claim(ctx, me, held);
	return 0;
}

/* Waits until the other CPU is at the same flow, not for long: it may be doing something else. */
static __always_inline void race_meet(struct race_cpu *me)
{
	struct race_cpu *other = race_cpu_at(race_this_cpu() ^ 1);
	__u64 step = me->step + 1, its = 0;

	*(volatile __u64 *)&me->step = step;
	if (!other)
		return;
	for (int i = 0; i < RACE_PATIENCE && its < step; i++)
		its = *(volatile __u64 *)&other->step;
	me->met += its == step;
}

/*
 * As core does it: claims a key, and then enters the connection, which the other CPU may have done meanwhile. Returns an enum
 * loom_conn_added, or the verdict if there was no key.
 */
static __always_inline int race_enter(struct xdp_md *ctx, struct race_cpu *me, struct loom_conn *conn)
{
	int verdict;

	if (loom_conn_find(&me->packet, conn) & LOOM_CONN_HIT)
		return LOOM_CONN_LOST;
	loom_age_begin(conn, &me->packet);
	verdict = nat_pair_open(ctx, &me->packet, conn, &me->backend);
	return verdict == LOOM_CONTINUE ? loom_conn_add(&me->packet, conn) : verdict;
}

/* One backend has too few ports for all flows: there are eight of each number. */
static __always_inline __u32 race_backend(const struct loom_conn *conn, __u32 client)
{
	return conn->backend << 3 | (client & 7);
}

/* The server's SYN+ACK comes in on one CPU while its FIN does on the other: neither undoes what the other has done. */
static __always_inline void race_answer(struct race_cpu *me, const struct loom_conn *conn, __u32 client)
{
	struct nat_pair *pair = race_reply(me, conn->cookie, race_backend(conn, client), me->packet.now);

	race_meet(me);
	if (!pair || me->reply.client[0] != client) {
		me->strayed++;
		return;
	}
	me->answer.signals = LOOM_SIGNAL_ACK | (race_this_cpu() ? LOOM_SIGNAL_FIN : LOOM_SIGNAL_SYN);
	nat_reply_move(&me->answer, pair, &me->reply);
	if (race_this_cpu() && !(pair->word >> LOOM_WORD_FINS_AT & LOOM_SIDE_SERVER))
		me->lost++;
}

__noinline int race_flow_turn(struct xdp_md *ctx)
{
	struct race_cpu *me = race_cpu_at(race_this_cpu());
	struct loom_conn conn = {};
	struct race_result *result;
	__u32 index, flow, now;
	int entered;

	if (!me)
		return 0;
	flow = me->step / 2;
	now = (flow / RACE_BATCH + 1) * RACE_LONG_AGO;
	index = race_this_cpu() * RACE_BATCH + flow % RACE_BATCH;
	result = bpf_map_lookup_elem(&race_results, &index);
	if (!result)
		return 0;
	conn.backend = 1 + race_this_cpu();
	race_begin(me, flow + 1, race_backend(&conn, flow + 1), now);
	race_meet(me);
	entered = race_enter(ctx, me, &conn);
	result->backend = conn.backend;
	result->cookie = conn.cookie;
	result->begun = entered == LOOM_CONN_ADDED;
	result->failed = entered == LOOM_CONN_LOST ? 0 : entered;
	race_answer(me, &conn, flow + 1);
	return 0;
}

/* 4096 turns in two loops: the verifier walks each of these functions once. */
__noinline int race_keys_turns(struct xdp_md *ctx)
{
	for (int i = 0; i < 64; i++)
		race_keys_turn(ctx);
	return 0;
}

__noinline int race_flow_turns(struct xdp_md *ctx)
{
	for (int i = 0; i < 64; i++)
		race_flow_turn(ctx);
	return 0;
}

SEC("xdp")
int race_keys(struct xdp_md *ctx)
{
	for (int i = 0; i < 64; i++)
		race_keys_turns(ctx);
	return XDP_PASS;
}

SEC("xdp")
int race_flow(struct xdp_md *ctx)
{
	for (int i = 0; i < 64; i++)
		race_flow_turns(ctx);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
