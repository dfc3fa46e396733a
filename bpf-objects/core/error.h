/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * ICMP errors about packets for vips that cannot reach their backend: too big with what a forwarding method adds (RFC 1191,
 * RFC 8201), out of hops (RFC 1812 section 5.3.1, RFC 4443 section 3.3), or without any backend (port unreachable, RFC 1122 section 4.1.3.1). They come from the vip, as the local stack's would. Only core
 * calls this, for what a forwarding method has refused and not touched.
 */
#ifndef LOOM_CORE_ERROR_H
#define LOOM_CORE_ERROR_H

#include <linux/ip.h>
#include <linux/ipv6.h>
#include "answer.h"
#include "parse.h"
#include "rate.h"
#include "unfinished.h"

/* Option, set before load: errors a second on each CPU; 0: none. */
const volatile __u32 loom_error_rate = 1000;

#define LOOM_ERROR4_MOST 576  /* RFC 1812 section 4.3.2.3 */
#define LOOM_ERROR6_MOST 1280 /* RFC 4443 section 2.4 c */
#define LOOM_MTU4_LEAST 68    /* RFC 791 section 3.2: what every IPv4 link carries */
#define LOOM_MTU6_LEAST 1280  /* RFC 8200 section 5; senders ignore less, RFC 8201 section 4 */
#define LOOM_ERROR_TOS 0xc0   /* internetwork control, RFC 1812 section 4.3.2.5 */

#define LOOM_FLAGS4_DONT_FRAGMENT 0x4000

static __always_inline __u32 loom_error_header(const struct loom_packet *packet)
{
	return packet->family == 4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
}

/* How much of the packet is quoted: as much as there is room for (RFC 1812 section 4.3.2.3, RFC 4443 section 2.4 c). */
static __always_inline __u32 loom_error_quote(const struct loom_packet *packet)
{
	__u32 room = (packet->family == 4 ? LOOM_ERROR4_MOST : LOOM_ERROR6_MOST) - sizeof(struct loom_icmp) -
		     loom_error_header(packet);

	return packet->length < room ? packet->length : room;
}

/*
 * Whether its sender can do something about a packet that is too big. So can one who allows fragmentation: XDP cannot fragment, and
 * he who learns the MTU does it himself. What "don't fragment" asks for is that it is told; no RFC forbids telling the others.
 */
static __always_inline int loom_error_helps(const struct loom_packet *packet)
{
	return packet->fits >= (packet->family == 4 ? LOOM_MTU4_LEAST : LOOM_MTU6_LEAST);
}

/* Whether the packet may be answered with an error: its sender is one (RFC 1812 section 4.3.2.7, RFC 4443 section 2.4 e). */
static __always_inline int loom_error_may(struct xdp_md *ctx, const struct loom_packet *packet, int verdict)
{
	return loom_sender_is_sound(ctx, packet) && (verdict != LOOM_DROP_TOO_BIG || loom_error_helps(packet));
}

/* Cuts off what is not quoted, and makes room in front for an IP and an ICMP header behind the link's, which is turned. */
static __noinline int loom_error_open(struct xdp_md *ctx, const struct loom_packet *packet)
{
	__u32 room = loom_error_header(packet) + sizeof(struct loom_icmp);
	int surplus = (int)(ctx->data_end - ctx->data) - (int)(packet->l3 + loom_error_quote(packet));
	__u16 *to, *from;

	if (bpf_xdp_adjust_tail(ctx, -surplus) || bpf_xdp_adjust_head(ctx, -(int)room))
		return -1;
	to = (void *)(long)ctx->data;
	from = (void *)to + room;
	if ((void *)(from + 11) > (void *)(long)ctx->data_end)
		return -1;
	loom_link_turn(to, from);
#pragma unroll
	for (int i = ETH_ALEN; i < 11; i++) /* two tags are the most; the IP header takes what is none */
		to[i] = from[i];
	return 0;
}

static __always_inline void loom_error4_write(struct iphdr *ip, const struct loom_packet *packet, __u32 length)
{
	__be32 *word = (__be32 *)ip;

	word[0] = bpf_htonl(0x45000000 | LOOM_ERROR_TOS << 16 | length);
	word[1] = bpf_htonl(LOOM_FLAGS4_DONT_FRAGMENT); /* and so without an identification, RFC 6864 */
	word[2] = bpf_htonl(LOOM_ANSWER_TTL << 24 | IPPROTO_ICMP << 16);
	word[3] = packet->destination[0];
	word[4] = packet->source[0];
	ip->check = ~loom_sum_fold((__u64)word[0] + word[1] + word[2] + word[3] + word[4]);
}

static __always_inline void loom_error6_write(struct ipv6hdr *ip, const struct loom_packet *packet, __u32 length)
{
	__be32 *word = (__be32 *)ip;

	word[0] = bpf_htonl(0x60000000);
	word[1] = bpf_htonl((length - sizeof(*ip)) << 16 | IPPROTO_ICMPV6 << 8 | LOOM_ANSWER_TTL);
	__builtin_memcpy(&ip->saddr, packet->destination, sizeof(ip->saddr));
	__builtin_memcpy(&ip->daddr, packet->source, sizeof(ip->daddr));
}

/* Type and code; the MTU stands in the last four bytes (IPv4: in two of them, RFC 1191 section 4). */
static __always_inline void loom_error_icmp_write(struct loom_icmp *icmp, const struct loom_packet *packet, int verdict)
{
	__be32 *word = (__be32 *)icmp;
	__u32 kind;

	if (verdict == LOOM_DROP_TTL)
		kind = (packet->family == 4 ? LOOM_ICMP4_TIME_EXCEEDED : LOOM_ICMP6_TIME_EXCEEDED) << 8;
	else if (verdict == LOOM_DROP_NO_BACKEND)
		kind = packet->family == 4 ? LOOM_ICMP4_UNREACHABLE << 8 | LOOM_ICMP4_NO_PORT
					   : LOOM_ICMP6_UNREACHABLE << 8 | LOOM_ICMP6_NO_PORT;
	else
		kind = packet->family == 4 ? LOOM_ICMP4_UNREACHABLE << 8 | LOOM_ICMP4_TOO_BIG : LOOM_ICMP6_TOO_BIG << 8;
	word[0] = bpf_htonl(kind << 16);
	word[1] = verdict == LOOM_DROP_TOO_BIG ? bpf_htonl(packet->fits) : 0;
}

/*
 * The sum over the error. Where the kernel finishes the checksum of the packet that is quoted, what is quoted from its transport header on adds up to the
 * complement of what is in the checksum's place now: the sum of its pseudo-header.
 */
static __always_inline __u64 loom_error_sum(struct xdp_md *ctx, const struct loom_packet *packet, __u32 at, __u32 message)
{
	const struct loom_packet *asked = loom_unfinished_asked();

	if (!asked)
		return loom_icmp_sum(ctx, packet, at, message);
	return loom_stretch_sum(ctx, at, sizeof(struct loom_icmp) + asked->l4 - asked->l3) + loom_icmp_pseudo_sum(packet, message) +
	       (__u16)~loom_pseudo_sum(asked);
}

/* The headers of the error in front of what is quoted. */
static __noinline int loom_error_write(struct xdp_md *ctx, const struct loom_packet *packet, int verdict)
{
	void *end = (void *)(long)ctx->data_end;
	struct iphdr *ip = (void *)(long)ctx->data + loom_packet_l3(packet);
	__u32 header = loom_error_header(packet), message = sizeof(struct loom_icmp) + loom_error_quote(packet);
	struct ipv6hdr *ip6 = (void *)ip;
	struct loom_icmp *icmp = (void *)ip + header;

	if ((void *)(icmp + 1) > end || (void *)(ip + 1) > end)
		return -1;
	if (packet->family == 4) {
		loom_error4_write(ip, packet, header + message);
	} else {
		if ((void *)(ip6 + 1) > end)
			return -1;
		loom_error6_write(ip6, packet, header + message);
	}
	loom_error_icmp_write(icmp, packet, verdict);
	icmp->checksum = ~loom_sum_fold(loom_error_sum(ctx, packet, loom_packet_l3(packet) + header, message));
	return 0;
}

/* What an error is made of, from a frame that core has parsed before: 0, or -1 if it has not. */
static __always_inline int loom_error_read(struct xdp_md *ctx, struct loom_packet *packet)
{
	struct loom_frame frame = {(void *)(long)ctx->data, (void *)(long)ctx->data_end};
	struct ipv6hdr *ip6;
	struct iphdr *ip;
	__be16 type = 0;

	if (loom_parse_link(&frame, packet, &type) != LOOM_CONTINUE)
		return -1;
	ip = frame.data + loom_packet_l3(packet);
	ip6 = (void *)ip;
	if (type == bpf_htons(ETH_P_IP)) {
		if ((void *)(ip + 1) > frame.end)
			return -1;
		packet->family = 4;
		packet->source[0] = ip->saddr;
		packet->destination[0] = ip->daddr;
		packet->length = bpf_ntohs(ip->tot_len);
		return 0;
	}
	if ((void *)(ip6 + 1) > frame.end)
		return -1;
	packet->family = 6;
	__builtin_memcpy(packet->source, &ip6->saddr, sizeof(packet->source));
	__builtin_memcpy(packet->destination, &ip6->daddr, sizeof(packet->destination));
	packet->length = bpf_ntohs(ip6->payload_len) + sizeof(*ip6);
	return 0;
}

/*
 * Tells the sender of the packet in the frame why it was dropped, if that may be told: LOOM_ICMP_ERROR, or the verdict as it
 * was. `mtu` is what would fit. A global function of numbers alone that reads the packet's headers again: so the verifier
 * walks it once, and need not keep apart what the packet was in each state of its caller.
 */
__noinline int loom_error_send(struct xdp_md *ctx, __u32 mtu, int verdict)
{
	struct loom_packet packet = {};

	if (!loom_error_rate || loom_error_read(ctx, &packet))
		return verdict;
	packet.fits = mtu;
	if (!loom_error_may(ctx, &packet, verdict) || !loom_rate_take(LOOM_ICMP_KIND_ERROR, loom_error_rate))
		return verdict;
	if (loom_error_open(ctx, &packet) || loom_error_write(ctx, &packet, verdict))
		return LOOM_DROP_INTERNAL;
	return LOOM_ICMP_ERROR;
}

#endif
