/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Refusals: what would begin a connection to a vip without a usable backend is told so, as a host without a server does: a TCP
 * reset (RFC 9293 section 3.5.2), or port unreachable (RFC 1122 section 4.1.3.1, RFC 4443 section 3.1). So clients need not wait for their
 * timeout. So many a second of each vip, the rest is dropped. And resets for clients whose backend is down, where no other can go on with
 * the connection. Only core calls this, for packets that nothing has touched.
 */
#ifndef LOOM_CORE_REFUSE_H
#define LOOM_CORE_REFUSE_H

#include <linux/tcp.h>
#include "admission.h"
#include "error.h"

/* A lock, since a bucket is shared by the CPUs: so many a second of each vip, not of each CPU. */
struct loom_refusals {
	struct bpf_spin_lock lock;
	__u32 pad;
	__u64 full; /* when the bucket is full again, by bpf_ktime_get_ns() */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct loom_refusals);
	__uint(max_entries, LOOM_REFUSALS);
} loom_refusals SEC(".maps");

/* Whether one more may be sent; then it counts as sent. */
static __noinline int loom_refusal_take(__u32 number)
{
	struct loom_refusals *bucket = bpf_map_lookup_elem(&loom_refusals, &number);
	__u64 now = bpf_ktime_get_ns(), cost = LOOM_SECOND / LOOM_REFUSALS_A_SECOND, full;
	int taken = 0;

	if (!bucket)
		return 0;
	bpf_spin_lock(&bucket->lock);
	full = bucket->full < now ? now : bucket->full;
	if (full + cost <= now + LOOM_RATE_BURST) {
		bucket->full = full + cost;
		taken = 1;
	}
	bpf_spin_unlock(&bucket->lock);
	return taken;
}

/* What the reset says, read before the headers are written over. */
struct loom_reset {
	__be32 ports; /* turned round */
	__be32 sequence;
	__be32 acknowledges;
	__be32 control; /* as in the fourth word of the header */
};

/*
 * RFC 9293 section 3.10.7.1: where the other end acknowledges something, the reset comes right behind that, which is what that end
 * has to take it by (RFC 5961 section 3.2); else it acknowledges what came. SYN and FIN count as one byte each.
 */
static __always_inline void loom_reset_number(struct loom_reset *reset, const __be32 *tcp, __u32 flags, __u32 data)
{
	if (flags & LOOM_SIGNAL_ACK) {
		reset->sequence = tcp[2];
		reset->acknowledges = 0;
		reset->control = bpf_htonl(5U << 28 | LOOM_SIGNAL_RST << 16);
		return;
	}
	reset->sequence = 0;
	reset->acknowledges = bpf_htonl(bpf_ntohl(tcp[1]) + (flags >> 1 & 1) + (flags & LOOM_SIGNAL_FIN) + data);
	reset->control = bpf_htonl(5U << 28 | (LOOM_SIGNAL_RST | LOOM_SIGNAL_ACK) << 16);
}

static __always_inline int loom_reset_read(struct xdp_md *ctx, const struct loom_packet *packet, __u32 l4,
					   struct loom_reset *reset)
{
	const __be32 *word = (void *)(long)ctx->data + (l4 & 0xff);
	__u32 ports, flags, header;

	if ((void *)(word + 5) > (void *)(long)ctx->data_end)
		return -1;
	ports = bpf_ntohl(word[0]);
	flags = bpf_ntohl(word[3]);
	header = l4 - packet->l3 + (flags >> 28) * 4;
	if (header > packet->length)
		return -1;
	reset->ports = bpf_htonl(ports << 16 | ports >> 16);
	loom_reset_number(reset, word, flags >> 16, packet->length - header);
	return 0;
}

static __always_inline __u64 loom_reset_ip_write(void *ip, const struct loom_packet *packet)
{
	struct ipv6hdr *ip6 = ip;
	struct iphdr *ip4 = ip;
	__be32 *word = ip;

	if (packet->family == 4) {
		word[0] = bpf_htonl(0x45000000 | (sizeof(*ip4) + sizeof(struct tcphdr)));
		word[1] = bpf_htonl(LOOM_FLAGS4_DONT_FRAGMENT);
		word[2] = bpf_htonl(LOOM_ANSWER_TTL << 24 | IPPROTO_TCP << 16);
		word[3] = packet->destination[0];
		word[4] = packet->source[0];
		ip4->check = ~loom_sum_fold((__u64)word[0] + word[1] + word[2] + word[3] + word[4]);
		return (__u64)packet->source[0] + packet->destination[0];
	}
	word[0] = bpf_htonl(0x60000000);
	word[1] = bpf_htonl(sizeof(struct tcphdr) << 16 | IPPROTO_TCP << 8 | LOOM_ANSWER_TTL);
	__builtin_memcpy(&ip6->saddr, packet->destination, sizeof(ip6->saddr));
	__builtin_memcpy(&ip6->daddr, packet->source, sizeof(ip6->daddr));
	return (__u64)packet->source[0] + packet->source[1] + packet->source[2] + packet->source[3] +
	       packet->destination[0] + packet->destination[1] + packet->destination[2] + packet->destination[3];
}

/* Writes a reset into the frame, which has been cut to its headers. */
static __always_inline int loom_reset_write(struct xdp_md *ctx, const struct loom_packet *packet,
					    const struct loom_reset *reset)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__be32 *ip = data + loom_packet_l3(packet), *tcp = (void *)ip + loom_error_header(packet);
	struct ethhdr *ethernet = data;
	__u64 sum;

	if ((void *)(ethernet + 1) > end || (void *)ip + sizeof(struct ipv6hdr) > end || (void *)(tcp + 5) > end)
		return -1;
	loom_link_turn(ethernet->h_dest, ethernet->h_dest);
	sum = loom_reset_ip_write(ip, packet) + bpf_htonl(IPPROTO_TCP << 16 | sizeof(struct tcphdr));
	tcp[0] = reset->ports;
	tcp[1] = reset->sequence;
	tcp[2] = reset->acknowledges;
	tcp[3] = reset->control;
	if (loom_unfinished_asked()) {
		tcp[4] = bpf_htonl((__u32)bpf_ntohs(loom_sum_fold(sum)) << 16); /* the kernel goes on from that */
		return 0;
	}
	sum += (__u64)reset->ports + reset->sequence + reset->acknowledges + reset->control;
	tcp[4] = bpf_htonl((__u32)bpf_ntohs(~loom_sum_fold(sum)) << 16);
	return 0;
}

/*
 * Whether the kernel finishes a checksum where the reset has none: behind the headers that the segment had and it has not. Then there is no
 * way to answer.
 */
static __always_inline int loom_reset_is_spoilt(const struct loom_packet *packet, __u32 l4)
{
	return loom_generic && l4 != packet->l3 + loom_error_header(packet) && loom_unfinished_asked();
}

/*
 * Answers the segment in the frame, whose TCP header is at `l4`, with a reset: `sent`, or the verdict as it was. A global function of
 * numbers alone, as loom_error_send() is.
 */
__noinline int loom_reset_send(struct xdp_md *ctx, __u32 l4, int verdict, int sent)
{
	struct loom_packet packet = {};
	struct loom_reset reset;
	int surplus;

	if (loom_error_read(ctx, &packet) || !loom_sender_is_sound(ctx, &packet) ||
	    loom_reset_read(ctx, &packet, l4, &reset) || loom_reset_is_spoilt(&packet, l4))
		return verdict;
	surplus = (int)(ctx->data_end - ctx->data) -
		  (int)(packet.l3 + loom_error_header(&packet) + sizeof(struct tcphdr));
	if (bpf_xdp_adjust_tail(ctx, -surplus) || loom_reset_write(ctx, &packet, &reset))
		return LOOM_DROP_INTERNAL;
	return sent;
}

/* What becomes of a packet that has found no backend. */
static __noinline int loom_refuse(struct xdp_md *ctx, const struct loom_packet *packet)
{
	const struct loom_guard *guard = loom_guard_of(packet);
	__u32 refusals = guard ? guard->refusals : 0;
	int verdict;

	if (!refusals || packet->related || packet->fragment == LOOM_FRAGMENT_LATER || !loom_packet_opens(packet) ||
	    (packet->fragment && packet->protocol == IPPROTO_TCP) || !loom_refusal_take(refusals - 1))
		return LOOM_DROP_NO_BACKEND;
	if (packet->protocol == IPPROTO_TCP)
		return loom_reset_send(ctx, packet->l4, LOOM_DROP_NO_BACKEND, LOOM_REFUSED);
	verdict = loom_error_send(ctx, 0, LOOM_DROP_NO_BACKEND);
	return verdict == LOOM_ICMP_ERROR ? LOOM_REFUSED : verdict;
}

/*
 * The packet's connection ends, since its backend is down. Clients that have finished the handshake are told whenever they ask; who has not
 * may be made up, and counts among those who begin. A global function of numbers alone, as loom_error_send() is.
 */
__noinline int loom_connection_reset(struct xdp_md *ctx, __u32 l4, __u32 listener, __u32 state)
{
	const struct loom_guard *guard = bpf_map_lookup_elem(&loom_guards, &listener);

	if (loom_state_is_half_open(state) &&
	    (!guard || !guard->refusals || !loom_refusal_take(guard->refusals - 1)))
		return LOOM_DROP_BACKEND_DOWN;
	return loom_reset_send(ctx, l4, LOOM_DROP_BACKEND_DOWN, LOOM_RESET);
}

#endif
