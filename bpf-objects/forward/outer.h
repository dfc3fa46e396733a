/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the direct forwarding methods (ipip, gue, l2) have in common: the checks, the hop of Loom's own, room in front of the
 * packet with the Ethernet header to the backend, and the outer IP header, whose family is the backend's and need not be the
 * packet's. No method of its own, and no use to nat. Headers are written as whole words, put together in registers: bytes
 * written one by one and then read back as words for the checksum would stall the processor.
 */
#ifndef LOOM_FORWARD_OUTER_H
#define LOOM_FORWARD_OUTER_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include <loom/checksum.h>
#include <loom/forward.h>

#define LOOM_OUTER_TTL 64
#define LOOM_IPV4_DONT_FRAGMENT 0x4000
#define LOOM_IPV4_PART 0x3fff /* more fragments, and the offset */
#define LOOM_FLOW_LABEL 0xfffff

/* The packet inside, of either family: the first 20 bytes are there, and the words that matter are among them. */
struct loom_inner {
	__be32 word[5];
};

/* Whether the packet may go to the backend with so many bytes more: LOOM_CONTINUE or a drop. */
static __always_inline int loom_outer_check(struct loom_packet *packet, const struct loom_backend *backend, __u32 overhead)
{
	if (packet->ttl <= 1)
		return LOOM_DROP_TTL;
	if (!overhead && loom_packet_is_segments(packet))
		return LOOM_CONTINUE;
	if (backend->mtu && packet->length + overhead > backend->mtu) {
		packet->fits = backend->mtu > overhead ? backend->mtu - overhead : 0;
		return LOOM_DROP_TOO_BIG;
	}
	return LOOM_CONTINUE;
}

/* One hop of Loom's own (RFC 2003 section 3.1, RFC 2473 section 3.1): the TTL and, in IPv4, its share in the sum (RFC 1141). */
static __always_inline void loom_inner_age(struct loom_inner *inner, __u8 family)
{
	struct ipv6hdr *ip6 = (void *)inner;
	struct iphdr *ip = (void *)inner;
	__u32 check;

	if (family == 4) {
		check = ip->check + bpf_htons(0x0100);
		ip->check = check + (check >= 0xffff);
		ip->ttl--;
	} else {
		ip6->hop_limit--;
	}
}

/*
 * The Ethernet header of the grown frame: the backend's addresses, the tags as they were, the type of the outer header. The
 * old one stands `overhead` bytes further on, where the outer header overwrites it later.
 */
static __always_inline int loom_outer_link_write(struct xdp_md *ctx, const struct loom_packet *packet,
						 const struct loom_backend *backend, __u32 overhead, __be16 type)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__be16 *from = data + overhead + sizeof(backend->mac), *to = data + sizeof(backend->mac);
	__u32 l3 = loom_packet_l3(packet);

	if ((void *)(from + 5) > end)
		return LOOM_DROP_TRUNCATED;
	loom_link_write(data, backend->mac);
	if (l3 == ETH_HLEN) {
		to[0] = type;
		return LOOM_CONTINUE;
	}
	to[0] = from[0];
	to[1] = from[1];
	if (l3 == ETH_HLEN + 4) {
		to[2] = type;
		return LOOM_CONTINUE;
	}
	to[2] = from[2];
	to[3] = from[3];
	to[4] = type;
	return LOOM_CONTINUE;
}

/*
 * Checks the packet, makes room of `overhead` bytes between its Ethernet and its IP header, and ages it. The packet's offsets
 * are then those of the outer headers, which the caller writes, every byte: `outer` points there, and `inner` behind them.
 */
static __always_inline int loom_outer_open(struct xdp_md *ctx, struct loom_packet *packet,
					   const struct loom_backend *backend, __u32 overhead, __be16 type, void **outer,
					   struct loom_inner **inner)
{
	int verdict = loom_outer_check(packet, backend, overhead);

	if (verdict != LOOM_CONTINUE)
		return verdict;
	if (bpf_xdp_adjust_head(ctx, -(int)overhead))
		return LOOM_DROP_INTERNAL;
	packet->egress = backend->ifindex;
	verdict = loom_outer_link_write(ctx, packet, backend, overhead, type);
	if (verdict != LOOM_CONTINUE)
		return verdict;
	*outer = (void *)(long)ctx->data + loom_packet_l3(packet);
	*inner = *outer + overhead;
	if ((void *)(*inner + 1) > (void *)(long)ctx->data_end)
		return LOOM_DROP_TRUNCATED;
	loom_inner_age(*inner, packet->family);
	return LOOM_CONTINUE;
}

/*
 * The last word of the outer source: bits of the flow's hash in the place of those that `entropy` marks, so that the receiver's
 * queues share the flows. The lowest bits, because the highest ones choose the backend: they are nearly the same for all of
 * its flows.
 */
static __always_inline __be32 loom_outer_source(const struct loom_packet *packet, __be32 source, __be32 entropy)
{
	return (source & ~entropy) | (bpf_htonl(packet->hash) & entropy);
}

/*
 * Identification, flags and offset of an outer IPv4 header. "Don't fragment" is the inner one's, and without it the
 * identification too; a packet that is never fragmented needs none (RFC 6864). IPv6 is not fragmented on its way, so it is
 * not inside IPv4 either. Fragments of one packet are packets of their own outside: their offset tells them apart.
 */
static __always_inline __be32 loom_outer_identification(const struct loom_packet *packet,
							const struct loom_inner *inner)
{
	__u32 word = bpf_ntohl(inner->word[1]);

	if (packet->family == 6 || word & LOOM_IPV4_DONT_FRAGMENT)
		return bpf_htonl(LOOM_IPV4_DONT_FRAGMENT);
	return bpf_htonl((word + ((word & LOOM_IPV4_PART) << 16)) & 0xffff0000);
}

/* DSCP and ECN are the inner ones (RFC 6040, normal mode). `length` is of the whole outer packet. */
static __always_inline void loom_outer4_write(struct iphdr *outer, const struct loom_inner *inner,
					      const struct loom_packet *packet, const struct loom_backend *backend,
					      __u8 protocol, __u32 length)
{
	__be32 *word = (__be32 *)outer;
	__be32 first = bpf_htonl(0x45000000 | (__u32)packet->tos << 16 | length);
	__be32 second = loom_outer_identification(packet, inner);
	__be32 third = bpf_htonl(LOOM_OUTER_TTL << 24 | protocol << 16);
	__be32 source = loom_outer_source(packet, backend->source[0], backend->entropy);
	__be32 destination = backend->address[0];

	word[0] = first;
	word[1] = second;
	word[2] = third;
	word[3] = source;
	word[4] = destination;
	outer->check = ~loom_sum_fold((__u64)first + second + third + source + destination);
}

/*
 * The label keeps the flow on one path (RFC 6438): the inner one if there is one, else one from the flow's hash.
 */
static __always_inline __u32 loom_outer_label(const struct loom_packet *packet, const struct loom_inner *inner)
{
	__u32 label = packet->family == 6 ? bpf_ntohl(inner->word[0]) & LOOM_FLOW_LABEL : 0;

	return label ? label : packet->hash & LOOM_FLOW_LABEL;
}

/*
 * The traffic class is the inner one (RFC 6040). `length` is of what follows the outer header. Returns the sum of the
 * addresses, for a checksum over them.
 */
static __always_inline __u64 loom_outer6_write(struct ipv6hdr *outer, const struct loom_inner *inner,
					       const struct loom_packet *packet, const struct loom_backend *backend,
					       __u8 next_header, __u32 length)
{
	__be32 source = loom_outer_source(packet, backend->source[3], backend->entropy);
	__be32 *word = (__be32 *)outer;
	__u64 sum = source;

	word[0] = bpf_htonl(0x60000000 | (__u32)packet->tos << 20 | loom_outer_label(packet, inner));
	word[1] = bpf_htonl(length << 16 | next_header << 8 | LOOM_OUTER_TTL);
#pragma unroll
	for (int i = 0; i < 3; i++) {
		word[2 + i] = backend->source[i];
		sum += backend->source[i];
	}
	word[5] = source;
#pragma unroll
	for (int i = 0; i < 4; i++) {
		word[6 + i] = backend->address[i];
		sum += backend->address[i];
	}
	return sum;
}

#endif
