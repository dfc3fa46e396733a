/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Echo requests to vips (RFC 792, RFC 1122 section 3.2.2.6; RFC 4443 section 4.2): answered here, so that a vip answers ping
 * wherever the address is, and as fast as it forwards. What cannot be answered by a swap of addresses, or is longer than can be
 * summed here, is left to the local stack. Only core calls this, for what no protocol handler has taken and is no ICMP error.
 */
#ifndef LOOM_CORE_ECHO_H
#define LOOM_CORE_ECHO_H

#include "address.h"
#include "answer.h"
#include "legitimate.h"
#include "parse.h"
#include "rate.h"

/* Option, set before load: replies a second on each CPU; 0: none, requests are left to the local stack. */
const volatile __u32 loom_echo_rate = 1000;

/* Whether the packet is an echo request: without IPv4 options or IPv6 extension headers, whose meaning depends on
 * the way that it came. */
static __always_inline int loom_echo_asks(struct xdp_md *ctx, const struct loom_packet *packet)
{
	const struct loom_icmp *icmp = (void *)(long)ctx->data + loom_packet_l4(packet);

	if ((void *)(icmp + 1) > (void *)(long)ctx->data_end || icmp->code)
		return 0;
	if (packet->family == 6)
		return packet->protocol == IPPROTO_ICMPV6 && icmp->type == LOOM_ICMP6_ECHO_REQUEST &&
		       packet->l4 == packet->l3 + sizeof(struct ipv6hdr);
	return packet->protocol == IPPROTO_ICMP && icmp->type == LOOM_ICMP4_ECHO_REQUEST &&
	       packet->l4 == packet->l3 + sizeof(struct iphdr);
}

/* The IP header of the answer. Addresses that change places change no sum. */
static __always_inline int loom_echo_ip_write(struct xdp_md *ctx, const struct loom_packet *packet)
{
	void *end = (void *)(long)ctx->data_end;
	struct ipv6hdr *ip6 = (void *)(long)ctx->data + loom_packet_l3(packet);
	struct iphdr *ip = (void *)ip6;

	if (packet->family == 4) {
		if ((void *)(ip + 1) > end)
			return -1;
		ip->saddr = packet->destination[0];
		ip->daddr = packet->source[0];
		ip->check = loom_checksum_update(ip->check,
						 loom_sum_replace(bpf_htons(packet->ttl << 8), bpf_htons(LOOM_ANSWER_TTL << 8)));
		ip->ttl = LOOM_ANSWER_TTL;
		return 0;
	}
	if ((void *)(ip6 + 1) > end)
		return -1;
	__builtin_memcpy(&ip6->saddr, packet->destination, sizeof(ip6->saddr));
	__builtin_memcpy(&ip6->daddr, packet->source, sizeof(ip6->daddr));
	ip6->hop_limit = LOOM_ANSWER_TTL;
	return 0;
}

/*
 * Makes the request its reply, in place. `sum` is of the request: the reply's checksum is computed from that rather than updated, since
 * a reply of zeros alone has the checksum 0xffff, which RFC 1624 would make 0, and no receiver takes.
 */
static __noinline int loom_echo_write(struct xdp_md *ctx, const struct loom_packet *packet, __u64 sum)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *ethernet = (void *)(long)ctx->data;
	struct loom_icmp *icmp = (void *)(long)ctx->data + loom_packet_l4(packet);
	__u8 type = packet->family == 4 ? LOOM_ICMP4_ECHO_REPLY : LOOM_ICMP6_ECHO_REPLY;
	__u32 first;

	if ((void *)(ethernet + 1) > end || (void *)(icmp + 1) > end || loom_echo_ip_write(ctx, packet))
		return LOOM_DROP_INTERNAL;
	loom_link_turn(ethernet->h_dest, ethernet->h_dest);
	__builtin_memcpy(&first, icmp, sizeof(first)); /* type, code, which is 0, and checksum */
	icmp->checksum = ~loom_sum_fold(sum - first + bpf_htons(type << 8));
	icmp->type = type;
	return LOOM_ECHO;
}

static __always_inline __u32 loom_echo_length(const struct loom_packet *packet)
{
	return packet->length - (packet->l4 - packet->l3);
}

/* The answer to a packet that asks a vip for an echo, or what else becomes of it. */
static __noinline int loom_echo_answer(struct xdp_md *ctx, struct loom_packet *packet)
{
	__u64 sum;

	if (!loom_echo_rate || !loom_echo_asks(ctx, packet) || !loom_sender_is_sound(ctx, packet) ||
	    !loom_address_is_vip(packet))
		return LOOM_PASS_OTHER_PROTOCOL;
	if (packet->l3 + packet->length > loom_frame_length(ctx) ||
	    packet->l3 + packet->length < packet->l4 + sizeof(struct loom_icmp))
		return LOOM_DROP_BAD_LENGTH;
	if (loom_echo_length(packet) > LOOM_STRETCH_BYTES)
		return LOOM_PASS_OTHER_PROTOCOL;
	if (!loom_rate_take(LOOM_ICMP_KIND_ECHO, loom_echo_rate))
		return LOOM_DROP_ECHO_LIMITED;
	sum = loom_icmp_sum(ctx, packet, packet->l4, loom_echo_length(packet));
	if (loom_header_judge(ctx, packet) != LOOM_CONTINUE || loom_sum_fold(sum) != 0xffff)
		return LOOM_DROP_BAD_CHECKSUM;
	packet->egress = ctx->ingress_ifindex;
	return loom_echo_write(ctx, packet, sum);
}

#endif
