/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What every answer of Loom's own by ICMP has in common: whom it may go to, the link and the checksum. It leaves where the packet
 * came in, to the sender of the frame. Only echo.h and error.h use this.
 */
#ifndef LOOM_CORE_ANSWER_H
#define LOOM_CORE_ANSWER_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <loom/checksum.h>
#include <loom/icmp.h>
#include "legitimate.h"
#include "stretch.h"

#define LOOM_ANSWER_TTL 64

/* Whether an answer to this packet would reach whoever sent it, and nobody else (RFC 1122 section 3.2.2, RFC 4443 2.4 e). */
static __noinline int loom_sender_is_sound(struct xdp_md *ctx, const struct loom_packet *packet)
{
	struct ethhdr *ethernet = (void *)(long)ctx->data;

	if ((void *)(ethernet + 1) > (void *)(long)ctx->data_end || (ethernet->h_dest[0] | ethernet->h_source[0]) & 1)
		return 0;
	return !(packet->family == 4 ? loom_source4_is_martian(packet) : loom_source6_is_martian(packet));
}

/* Destination and source of the frame, turned round; the caller has checked the bounds. The two may be the same place. */
static __always_inline void loom_link_turn(void *to, const void *from)
{
	__u16 turned[ETH_ALEN];

	__builtin_memcpy(turned, from + ETH_ALEN, ETH_ALEN);
	__builtin_memcpy((void *)turned + ETH_ALEN, from, ETH_ALEN);
	__builtin_memcpy(to, turned, sizeof(turned));
}

/* What the pseudo-header adds to the sum over an ICMPv6 message (RFC 8200 section 8.1); ICMP has none. */
static __always_inline __u64 loom_icmp_pseudo_sum(const struct loom_packet *packet, __u32 length)
{
	__u64 sum = (__u64)bpf_htonl(length) + bpf_htonl(IPPROTO_ICMPV6);

	if (packet->family == 4)
		return 0;
#pragma unroll
	for (int i = 0; i < 4; i++)
		sum += (__u64)packet->source[i] + packet->destination[i];
	return sum;
}

/* The sum over an ICMP message of so many bytes behind an IP header. */
static __always_inline __u64 loom_icmp_sum(struct xdp_md *ctx, const struct loom_packet *packet, __u32 at, __u32 length)
{
	return loom_stretch_sum(ctx, at, length) + loom_icmp_pseudo_sum(packet, length);
}

#endif
