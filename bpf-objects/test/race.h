/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the races of race.bpf.c have in common: maps, what each CPU counts, clients and the replies to them. */
#ifndef LOOM_TEST_RACE_H
#define LOOM_TEST_RACE_H

#include <linux/bpf.h>
#include <linux/in.h>
#include <bpf/bpf_helpers.h>
#ifdef RACE_UNLOCKED
#define bpf_spin_lock(lock) barrier()
#define bpf_spin_unlock(lock) barrier()
#endif
#include "../conntrack/cache.h"
#include "../forward/nat/claim.h"
#include "../forward/nat/reply.h"

#define RACE_CPUS 2
#define RACE_BACKENDS 2
#define RACE_HELD 16       /* keys that a CPU holds at most */
#define RACE_KEYS 64       /* of ports and backends */
#define RACE_BATCH 65536   /* flows of which the tables hold all */
#define RACE_PATIENCE 2000 /* looks for the other CPU, some microseconds */
#define RACE_TIMEOUT 30
#define RACE_LONG_AGO 1000 /* ticks: longer than any timeout */

#define RACE_BACKEND 0xc6336400
#define RACE_SOURCE 0xc6336401
#define RACE_VIP 0x0a4d0064

const volatile __u32 race_family = 4; /* set before load */

const volatile __u32 loom_timeouts[LOOM_CONN_STATES + 2] = {
	RACE_TIMEOUT, RACE_TIMEOUT, RACE_TIMEOUT, RACE_TIMEOUT, RACE_TIMEOUT, RACE_TIMEOUT,
};
const volatile __u32 loom_step = 1;
const volatile __u32 loom_conn_sets4 = 1;
const volatile __u32 loom_conn_sets6 = 1;
const volatile __u64 loom_conn_seed = 0x5eed;

/* A connection that has its key. */
struct race_held {
	__u32 client; /* 0: none */
	__u32 cookie;
	__u32 backend;
};

/* What a CPU is doing; only the step is of interest to the other one. */
struct race_cpu {
	__u64 step;
	__u64 claims;
	__u64 refused;
	__u64 shared;  /* keys that another connection had too */
	__u64 strayed; /* replies that did not reach the client whose connection has the key */
	__u64 seen;    /* replies to connections of either CPU */
	__u64 torn;    /* of these, what was read of two clients */
	__u64 lost;    /* FINs of servers that their connection does not know of */
	__u64 met;     /* times that both CPUs were at one flow at once */
	__u64 random;
	struct race_held held[RACE_HELD];
	struct loom_packet packet;
	struct loom_packet answer;
	struct loom_backend backend;
	struct nat_reply reply;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct race_cpu);
	__uint(max_entries, RACE_CPUS);
} race_cpus SEC(".maps");

/* Connections that have a key. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, RACE_KEYS);
} race_owners SEC(".maps");

/* What became of a flow on a CPU. */
struct race_result {
	__u16 backend;
	__u8 begun; /* 1: entered into the table; 0: it was there */
	__u8 failed; /* what race_enter() says, if it is neither */
	__u32 cookie;
};

/* Of one CPU behind those of the other. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct race_result);
	__uint(max_entries, RACE_CPUS * RACE_BATCH);
} race_results SEC(".maps");

static __always_inline __u32 race_this_cpu(void)
{
	return bpf_get_smp_processor_id() & (RACE_CPUS - 1);
}

static __always_inline struct race_cpu *race_cpu_at(__u32 cpu)
{
	return bpf_map_lookup_elem(&race_cpus, &cpu);
}

static __always_inline __u32 race_random(struct race_cpu *me)
{
	me->random = me->random * 6364136223846793005ULL + 1442695040888963407ULL; /* Knuth, MMIX */
	return me->random >> 32;
}

/* First and last word say the same, so that halves of two addresses are told. */
static __always_inline void race_address(__be32 *address, __u32 number)
{
	address[0] = number;
	address[1] = 0;
	address[2] = 0;
	address[3] = race_family == 6 ? ~number : 0;
}

static __always_inline __be16 race_port(__u32 client)
{
	return client ^ client >> 16;
}

static __always_inline __u16 race_listener(__u32 client)
{
	return client * 0x9e3779b9 >> 20;
}

/* The first packet of that client, to a backend of that number. */
static __always_inline void race_begin(struct race_cpu *me, __u32 client, __u32 backend, __u32 now)
{
	struct loom_packet *packet = &me->packet;

	race_address(packet->source, client);
	race_address(packet->destination, client ^ RACE_VIP);
	packet->source_port = race_port(client);
	packet->destination_port = ~race_port(client);
	packet->family = race_family;
	packet->protocol = IPPROTO_TCP;
	packet->signals = LOOM_SIGNAL_SYN;
	packet->state = LOOM_CONN_SYN_SENT;
	packet->listener = race_listener(client);
	packet->hash = (client * 0x9e3779b9) ^ client >> 16;
	packet->now = now;
	packet->found = 0;
	race_address(me->backend.address, RACE_BACKEND + backend);
	race_address(me->backend.source, RACE_SOURCE);
	me->backend.port = 8080;
	me->backend.family = race_family;
}

/* The pair of a backend's packet to that port, copied to me->reply. */
static __always_inline struct nat_pair *race_reply(struct race_cpu *me, __u32 cookie, __u32 backend, __u32 now)
{
	struct loom_packet *answer = &me->answer;

	race_address(answer->source, RACE_BACKEND + backend);
	race_address(answer->destination, RACE_SOURCE);
	answer->source_port = 8080;
	answer->destination_port = nat_port_of(cookie);
	answer->family = race_family;
	answer->protocol = IPPROTO_TCP;
	answer->now = now;
	return race_family == 4 ? nat_reply_read(&me->reply, answer, 4) : nat_reply_read(&me->reply, answer, 6);
}

/* Whether all that was read of a pair is of one client. */
static __always_inline int race_is_whole(const struct nat_reply *reply)
{
	__u32 client = reply->client[0], vip = client ^ RACE_VIP;

	return reply->client_port == race_port(client) && reply->vip[0] == vip &&
	       reply->vip_port == (__be16)~race_port(client) && reply->listener == race_listener(client) &&
	       (race_family == 4 || (reply->client[3] == ~client && reply->vip[3] == ~vip));
}

#endif
