/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The connection cache, read while the connection's place is another's: what a reader meets that loses its CPU at the wrong
 * instant happens here each time, and on one CPU. The word is another's when the search begins, and the connection's own as soon
 * as its client is compared, which is behind the first reading of the word. All else is as if it had never been away.
 */
#include <linux/bpf.h>
#include <linux/in.h>
#include <bpf/bpf_helpers.h>
#include <loom/packet.h>

static __always_inline int reread_equal(const __be32 *a, const __be32 *b);

/* Without locks, under which nothing may be looked up. */
#define bpf_spin_lock(lock) barrier()
#define bpf_spin_unlock(lock) barrier()
#define loom_address_equal reread_equal
#include "../conntrack/cache.h"
#undef loom_address_equal

#define REREAD_BACKEND 7
#define REREAD_COOKIE 20000
#define REREAD_NOW 1000

const volatile __u32 loom_timeouts[LOOM_CONN_STATES + 2] = {60, 60, 60, 60, 60, 60};
const volatile __u32 loom_step = 1;
const volatile __u32 loom_conn_sets4 = 1;
const volatile __u32 loom_conn_sets6 = 1;
const volatile __u64 loom_conn_seed = 0x5eed;

const volatile __u64 reread_other; /* bits of the word in which the other connection differs; set before load */

static __always_inline void reread_swap(void)
{
	__u32 only = 0;
	struct loom_set6 *set = bpf_map_lookup_elem(&loom_conns6, &only);

	for (int i = 0; set && i < LOOM_WAYS; i++)
		*(volatile __u64 *)&set->way[i].word ^= reread_other;
}

static __always_inline int reread_equal(const __be32 *a, const __be32 *b)
{
	reread_swap();
	return loom_address_equal(a, b);
}

/* Returns the backend of the connection that was found, 0 if none was, or a negative number if the table did not take it. */
SEC("xdp")
int reread(struct xdp_md *ctx)
{
	struct loom_packet packet = {
		.family = 6, .protocol = IPPROTO_TCP, .source = {1, 2, 3, 4}, .source_port = 5, .now = REREAD_NOW,
		.signals = LOOM_SIGNAL_SYN, .state = LOOM_CONN_SYN_SENT,
	};
	struct loom_conn conn = {.backend = REREAD_BACKEND, .cookie = REREAD_COOKIE}, found = {};

	(void)ctx;
	loom_age_begin(&conn, &packet);
	if (loom_conn_add(&packet, &conn) != LOOM_CONN_ADDED)
		return -1;
	packet.signals = LOOM_SIGNAL_ACK;
	reread_swap();
	return loom_conn_find(&packet, &found) & LOOM_CONN_HIT ? found.backend : 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
