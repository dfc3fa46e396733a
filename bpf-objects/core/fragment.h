/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Fragments: the first has the ports and goes the way of any packet; what became of it is remembered, and the later ones, which
 * have none, follow it (docs/adr/0018-fragments.md). They are never put together here: the receiver does that. Out of the way of
 * whole packets, which pay for one branch. Only core uses this.
 *
 * In what order: the parser calls loom_fragment_begin() for each, core loom_fragment_follow() for those that it could not place
 * by their ports, and loom_fragment_keep() for a first one when its fate is known. What these must tell each other is in a
 * place of each CPU, because the stack is short.
 */
#ifndef LOOM_CORE_FRAGMENT_H
#define LOOM_CORE_FRAGMENT_H

#include <loom/conntrack.h>
#include "address.h"
#include "legitimate.h"

extern const volatile __u32 loom_tick_shift;

#define LOOM_FRAGMENT_TICKS 30 /* how long the later ones may take; what Linux gives IPv4 to be put together */
#define LOOM_FRAGMENT_AGAIN 1  /* ticks after which another first fragment of that identification is of another packet */
#define LOOM_PACKET_BYTES 65535

/* Which packet a fragment is of (RFC 791 section 3.2, RFC 8200 section 4.5). IPv4 in words 0. */
struct loom_fragment_key {
	__be32 source[4];
	__be32 destination[4];
	__be32 identification;
	__u8 family;
	__u8 protocol; /* of IPv6 0: only the first fragment's counts */
	__u8 pad[2];
};

/* What became of the first fragment, which later ones share. */
struct loom_fragment_fate {
	__u64 received; /* enum loom_received, written whole */
	__u32 seen;     /* tick of the first fragment */
	__u32 hash;
	__u32 backend; /* for LOOM_FORWARD */
	__u32 cookie;
	__be16 source_port;
	__be16 destination_port;
	__u16 listener;
	__u8 options; /* enum loom_listener_flags */
	__u8 protocol;
	__u32 verdict; /* LOOM_FORWARD, LOOM_REPLY, or a pass */
	__u8 pad[4];
};

_Static_assert(sizeof(struct loom_fragment_key) == 40, "no padding in a key");

/*
 * What has been received of a packet, in units of 8 bytes: from the beginning up to a unit, and one piece behind a gap. A second
 * piece behind it, which takes two gaps at once, is forwarded and not remembered.
 */
enum loom_received {
	LOOM_RECEIVED_BITS = 14,
	LOOM_RECEIVED_MASK = (1 << LOOM_RECEIVED_BITS) - 1,
	LOOM_RECEIVED_FROM_AT = LOOM_RECEIVED_BITS,
	LOOM_RECEIVED_UNTIL_AT = 2 * LOOM_RECEIVED_BITS,
	LOOM_RECEIVED_LAST_AT = 3 * LOOM_RECEIVED_BITS, /* the last fragment is among it */
	LOOM_RECEIVED_SPOILED_AT,                       /* fragments overlapped: no more of this packet */
};

/* The fragment that this CPU is at work on. */
struct loom_fragment {
	struct loom_fragment_key key;
	struct loom_fragment_fate fate; /* to be entered, of a first fragment */
	__u32 from;                     /* units of 8 bytes */
	__u32 until;
	__u32 last;
	__u8 pad[4];
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, struct loom_fragment_key);
	__type(value, struct loom_fragment_fate);
	__uint(max_entries, 8192);
} loom_fragments SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct loom_fragment);
	__uint(max_entries, 1);
} loom_frag_now SEC(".maps");

static __always_inline struct loom_fragment *loom_fragment_current(void)
{
	__u32 first = 0;

	return bpf_map_lookup_elem(&loom_frag_now, &first);
}

/* What is known of the packet since a first fragment that came at most so many ticks ago, or NULL. */
static __always_inline struct loom_fragment_fate *loom_fragment_find(const struct loom_fragment *fragment, __u32 now,
								     __s32 ticks)
{
	struct loom_fragment_fate *fate = bpf_map_lookup_elem(&loom_fragments, &fragment->key);

	return fate && (__s32)(now - fate->seen) <= ticks ? fate : NULL;
}

/*
 * Enters the fragment in what has been received. Returns 0, or -1 if some of it was there before: what is there as a whole is
 * taken for a duplicate, which is not worth a second journey (RFC 8200 section 4.5); what overlaps in part ends the packet (RFC
 * 5722). Two CPUs that do this for one packet at once may forget one of their fragments.
 */
static __always_inline int loom_fragment_receive(struct loom_fragment_fate *fate, const struct loom_fragment *fragment)
{
	__u64 received = *(volatile __u64 *)&fate->received;
	__u32 next = received & LOOM_RECEIVED_MASK, from = received >> LOOM_RECEIVED_FROM_AT & LOOM_RECEIVED_MASK;
	__u32 until = received >> LOOM_RECEIVED_UNTIL_AT & LOOM_RECEIVED_MASK;
	__u64 marks = received >> LOOM_RECEIVED_LAST_AT | fragment->last;

	if (received >> LOOM_RECEIVED_SPOILED_AT || fragment->until <= next ||
	    (fragment->from >= from && fragment->until <= until))
		return -1;
	if (fragment->from < next || (fragment->from < until && fragment->until > from)) {
		*(volatile __u64 *)&fate->received = received | 1ULL << LOOM_RECEIVED_SPOILED_AT;
		return -1;
	}
	if (fragment->from == next) {
		next = fragment->until == from ? until : fragment->until;
		if (next == until)
			from = until = 0;
	} else if (!until || fragment->until == from) {
		from = fragment->from;
		until = until ? until : fragment->until;
	} else if (fragment->from == until) {
		until = fragment->until;
	}
	*(volatile __u64 *)&fate->received = next | (__u64)from << LOOM_RECEIVED_FROM_AT |
					     (__u64)until << LOOM_RECEIVED_UNTIL_AT | marks << LOOM_RECEIVED_LAST_AT;
	return 0;
}

/* Whether all of the packet has been received: its identification is free for the next one. */
static __always_inline int loom_fragment_complete(const struct loom_fragment_fate *fate)
{
	__u64 received = *(const volatile __u64 *)&fate->received;

	return received >> LOOM_RECEIVED_LAST_AT == 1 && !(received >> LOOM_RECEIVED_UNTIL_AT & LOOM_RECEIVED_MASK);
}

/*
 * A later fragment has no ports: LOOM_PASS_FRAGMENT until core has looked for its first one. A first fragment may be repeated
 * too, but only at once: senders use an identification again, also that of a packet of which some got lost.
 */
static __always_inline int loom_fragment_judge(struct loom_packet *packet, const struct loom_fragment *fragment)
{
	struct loom_fragment_fate *fate;

	if (packet->fragment == LOOM_FRAGMENT_LATER)
		return LOOM_PASS_FRAGMENT;
	fate = loom_fragment_find(fragment, packet->now, LOOM_FRAGMENT_AGAIN);
	if (fate && !loom_fragment_complete(fate) && loom_fragment_receive(fate, fragment))
		return LOOM_DROP_FRAGMENT_OVERLAP;
	return LOOM_CONTINUE;
}

/*
 * The packet is a fragment, whose part of the payload begins at packet->l4. `offset` is in bytes, `more` says that it is not the
 * last. Returns LOOM_CONTINUE for a first fragment, LOOM_PASS_FRAGMENT for a later one, or a drop.
 */
static __noinline int loom_fragment_begin(struct xdp_md *ctx, struct loom_packet *packet, __be32 identification,
					  __u32 offset, __u32 more)
{
	struct loom_fragment *fragment = loom_fragment_current();
	__u32 end = packet->l3 + packet->length, bytes = end - packet->l4;

	if (!fragment)
		return LOOM_DROP_INTERNAL;
	if (end > ctx->data_end - ctx->data)
		return LOOM_DROP_BAD_LENGTH;
	packet->now = bpf_jiffies64() >> loom_tick_shift;
	packet->fragment = offset ? LOOM_FRAGMENT_LATER : LOOM_FRAGMENT_FIRST;
	packet->header = packet->l4 - 8; /* IPv6: what l4 has just been moved over */
	if (end <= packet->l4 || offset + bytes > LOOM_PACKET_BYTES || (more && bytes & 7))
		return LOOM_DROP_FRAGMENT_LENGTH;
	__builtin_memset(fragment, 0, sizeof(*fragment));
	__builtin_memcpy(fragment->key.source, packet->source, sizeof(fragment->key.source));
	__builtin_memcpy(fragment->key.destination, packet->destination, sizeof(fragment->key.destination));
	fragment->key.identification = identification;
	fragment->key.family = packet->family;
	fragment->key.protocol = packet->family == 4 ? packet->protocol : 0;
	fragment->from = offset / 8;
	fragment->until = (offset + bytes + 7) / 8;
	fragment->last = !more;
	return loom_fragment_judge(packet, fragment);
}

/* The packet becomes one of its first fragment's flow. */
static __always_inline void loom_fragment_adopt(struct loom_packet *packet, struct loom_conn *conn,
						const struct loom_fragment_fate *fate)
{
	packet->source_port = fate->source_port;
	packet->destination_port = fate->destination_port;
	packet->protocol = fate->protocol;
	packet->listener = fate->listener;
	packet->options = fate->options;
	packet->hash = fate->hash;
	conn->backend = fate->backend;
	conn->cookie = fate->cookie;
}

/* What Loom drops for a vip; of other packets it is the kernel that puts them together. */
static __always_inline int loom_fragment_refuse(struct loom_packet *packet, int verdict)
{
	return loom_address_is_vip(packet) ? verdict : LOOM_PASS_FRAGMENT;
}

/*
 * A fragment that cannot be placed by its ports, with the parser's verdict: what its first fragment's was. LOOM_CONTINUE with
 * the backend in conn, LOOM_REPLY for one that may be of a reply, or its end. It has no signals: so it keeps a connection
 * alive, and moves it no further.
 */
static __noinline int loom_fragment_follow(struct xdp_md *ctx, struct loom_packet *packet, struct loom_conn *conn, int verdict)
{
	struct loom_fragment *fragment = loom_fragment_current();
	struct loom_fragment_fate *fate;

	if (!fragment || !packet || !conn)
		return LOOM_DROP_INTERNAL;
	if (verdict == LOOM_DROP_TRUNCATED)
		verdict = LOOM_DROP_FRAGMENT_TINY;
	if (verdict == LOOM_DROP_FRAGMENT_TINY || verdict == LOOM_DROP_FRAGMENT_LENGTH)
		return loom_fragment_refuse(packet, verdict);
	if (packet->fragment == LOOM_FRAGMENT_FIRST)
		return verdict == LOOM_PASS_OTHER_PROTOCOL ? LOOM_PASS_FRAGMENT : verdict;
	fate = loom_fragment_find(fragment, packet->now, LOOM_FRAGMENT_TICKS);
	if (!fate)
		return loom_fragment_refuse(packet, LOOM_DROP_FRAGMENT_UNKNOWN);
	verdict = fate->verdict == LOOM_FORWARD ? loom_header_judge(ctx, packet) : LOOM_CONTINUE;
	if (verdict != LOOM_CONTINUE)
		return verdict;
	if (loom_fragment_receive(fate, fragment))
		return LOOM_DROP_FRAGMENT_OVERLAP;
	loom_fragment_adopt(packet, conn, fate);
	if (fate->verdict == LOOM_FORWARD)
		return LOOM_CONTINUE;
	return fate->verdict == LOOM_REPLY ? LOOM_REPLY : LOOM_PASS_FRAGMENT;
}

/*
 * Remembers what became of a first fragment. The later ones of one that was dropped are those of one that never came, and so
 * are, without harm, those of one that passed and was for no vip.
 */
static __noinline int loom_fragment_keep(struct loom_packet *packet, const struct loom_conn *conn, int verdict)
{
	struct loom_fragment *fragment = loom_fragment_current();

	if (!fragment || !packet || !conn || verdict >= LOOM_DROP_TRUNCATED)
		return 0;
	if (verdict >= LOOM_PASS_NOT_IP && !loom_address_is_vip(packet))
		return 0;
	fragment->fate.received = fragment->until;
	fragment->fate.seen = packet->now;
	fragment->fate.hash = packet->hash;
	fragment->fate.backend = conn->backend;
	fragment->fate.cookie = conn->cookie;
	fragment->fate.source_port = packet->source_port;
	fragment->fate.destination_port = packet->destination_port;
	fragment->fate.listener = packet->listener;
	fragment->fate.options = packet->options;
	fragment->fate.protocol = packet->protocol;
	fragment->fate.verdict = verdict;
	return bpf_map_update_elem(&loom_fragments, &fragment->key, &fragment->fate, BPF_ANY);
}

#endif
