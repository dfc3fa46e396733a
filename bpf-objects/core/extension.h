/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * IPv6 extension headers, followed to the transport header (RFC 8200 section 4): hop-by-hop and destination options, routing and
 * fragment headers. As many and as long ones as a receiver must expect (RFC 8504 section 5.3); packets with more, and with
 * headers that are nobody's business on the way to a backend, are left to the local stack. Only the parser calls this, for
 * packets that have one: out of the way of the others.
 */
#ifndef LOOM_CORE_EXTENSION_H
#define LOOM_CORE_EXTENSION_H

#include <linux/in.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include "fragment.h"

#define LOOM_EXTENSIONS 8
#define LOOM_EXTENSION_BYTES 128 /* of all together; struct loom_packet's masks depend on it */

/* What all of them begin with. */
struct loom_extension {
	__u8 next;
	__u8 length; /* in units of 8 bytes, without the first; of a fragment header reserved */
	__u8 type;   /* of a routing header */
	__u8 segments_left;
	__be32 rest;
};

#define LOOM_IPV6_OFFSET 0xfff8 /* in bytes */
#define LOOM_IPV6_MORE 1

/* Whether a header of this type stands between the IPv6 header and the transport header (IANA, IPv6 extension headers). */
static __always_inline int loom_header_is_extension(__u8 type)
{
	return type == IPPROTO_HOPOPTS || type == IPPROTO_ROUTING || type == IPPROTO_FRAGMENT || type == IPPROTO_DSTOPTS ||
	       type == IPPROTO_AH || type == IPPROTO_MH || type == 139 /* HIP */ || type == 140 /* shim6 */;
}

/* Whether Loom can look behind it. What is authenticated or moves about is for those who know how. */
static __always_inline int loom_extension_is_followed(__u8 type)
{
	return type == IPPROTO_HOPOPTS || type == IPPROTO_ROUTING || type == IPPROTO_FRAGMENT || type == IPPROTO_DSTOPTS;
}

/* Behind a fragment header. One that says "all of it" changes nothing (an atomic fragment, RFC 6946). */
static __always_inline int loom_extension_fragment(struct xdp_md *ctx, struct loom_packet *packet,
						   const struct loom_extension *header)
{
	__u32 field = bpf_ntohs(*(const __be16 *)&header->type);

	if (!(field & (LOOM_IPV6_OFFSET | LOOM_IPV6_MORE)))
		return LOOM_CONTINUE;
	if (packet->fragment)
		return LOOM_PASS_EXTENSION_HEADER;
	return loom_fragment_begin(ctx, packet, header->rest, field & LOOM_IPV6_OFFSET, field & LOOM_IPV6_MORE);
}

/* Over one header: LOOM_CONTINUE, or the verdict on the packet. */
static __always_inline int loom_extension_step(struct xdp_md *ctx, struct loom_packet *packet, int position)
{
	struct loom_extension *header = (void *)(long)ctx->data + loom_packet_l4(packet);
	__u32 l4, type = packet->protocol;

	if ((void *)(header + 1) > (void *)(long)ctx->data_end)
		return LOOM_DROP_TRUNCATED;
	if (type == IPPROTO_ROUTING && header->segments_left)
		return LOOM_PASS_SOURCE_ROUTED;
	l4 = packet->l4 + 8 + (type == IPPROTO_FRAGMENT ? 0 : header->length * 8);
	if (l4 > packet->l3 + sizeof(struct ipv6hdr) + LOOM_EXTENSION_BYTES || (type == IPPROTO_HOPOPTS && position))
		return LOOM_PASS_EXTENSION_HEADER;
	if (l4 > packet->l3 + (__u32)packet->length)
		return packet->fragment ? LOOM_DROP_FRAGMENT_TINY : LOOM_DROP_BAD_LENGTH;
	packet->l4 = l4;
	packet->protocol = header->next;
	return type == IPPROTO_FRAGMENT ? loom_extension_fragment(ctx, packet, header) : LOOM_CONTINUE;
}

/* The packet's protocol is that of an extension header at packet->l4: makes it that of the transport header. */
static __noinline int loom_extensions_follow(struct xdp_md *ctx, struct loom_packet *packet)
{
	int verdict;

	if (!packet)
		return LOOM_DROP_INTERNAL;
	for (int i = 0; i < LOOM_EXTENSIONS && loom_extension_is_followed(packet->protocol); i++) {
		verdict = loom_extension_step(ctx, packet, i);
		if (verdict != LOOM_CONTINUE)
			return verdict;
	}
	return loom_header_is_extension(packet->protocol) ? LOOM_PASS_EXTENSION_HEADER : LOOM_CONTINUE;
}

#endif
