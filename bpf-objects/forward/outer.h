/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the direct forwarding methods (ipip, gue, l2) have in common: the checks, the hop of Loom's own, room in front of the
 * packet with the Ethernet header to the backend, and the outer IP header. No method of its own, and no use to nat.
 */
#ifndef LOOM_FORWARD_OUTER_H
#define LOOM_FORWARD_OUTER_H

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include <loom/checksum.h>
#include <loom/forward.h>

#define LOOM_OUTER_TTL 64
#define LOOM_IPV4_DONT_FRAGMENT 0x4000

/* Whether the packet may go to the backend with so many bytes more: LOOM_CONTINUE or a drop. */
static __always_inline int loom_outer_check(const struct loom_packet *packet, const struct loom_backend *backend,
					    __u32 overhead)
{
	if (backend->family != packet->family)
		return LOOM_DROP_INTERNAL;
	if (packet->ttl <= 1)
		return LOOM_DROP_TTL;
	if (backend->mtu && packet->length + overhead > backend->mtu)
		return LOOM_DROP_TOO_BIG;
	return LOOM_CONTINUE;
}

/* One hop of Loom's own (RFC 2003 section 3.1, RFC 2473 section 3.1): the TTL and, in IPv4, the word's share in the sum. */
static __always_inline int loom_inner_age(struct xdp_md *ctx, const struct loom_packet *packet)
{
	void *end = (void *)(long)ctx->data_end, *header = (void *)(long)ctx->data + loom_packet_l3(packet);
	struct ipv6hdr *ip6 = header;
	struct iphdr *ip = header;

	if (packet->family == 4) {
		if ((void *)(ip + 1) > end)
			return LOOM_DROP_TRUNCATED;
		ip->ttl--;
		ip->check = loom_checksum_update(ip->check, loom_sum_replace(bpf_htons(0x0100), 0));
		return LOOM_CONTINUE;
	}
	if ((void *)(ip6 + 1) > end)
		return LOOM_DROP_TRUNCATED;
	ip6->hop_limit--;
	return LOOM_CONTINUE;
}

/*
 * The Ethernet header of the grown frame: the backend's addresses, then type and tags as they were. The old header stands
 * `overhead` bytes further on and is partly overwritten by the outer headers later.
 */
static __always_inline int loom_outer_link_write(struct xdp_md *ctx, const struct loom_packet *packet,
						 const struct loom_backend *backend, __u32 overhead)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__be16 *from = data + overhead + sizeof(backend->mac), *to = data + sizeof(backend->mac);
	__u32 words = (loom_packet_l3(packet) - sizeof(backend->mac)) / 2;

	if ((void *)(from + 5) > end)
		return LOOM_DROP_TRUNCATED;
	loom_link_write(data, backend->mac);
	to[0] = from[0];
	if (words > 1) {
		to[1] = from[1];
		to[2] = from[2];
	}
	if (words > 3) {
		to[3] = from[3];
		to[4] = from[4];
	}
	return LOOM_CONTINUE;
}

/*
 * Checks the packet, ages it, and makes room of `overhead` bytes between its Ethernet and its IP header. The packet's offsets
 * are then those of the outer headers, which the caller writes, every byte.
 */
static __always_inline int loom_outer_open(struct xdp_md *ctx, struct loom_packet *packet,
					   const struct loom_backend *backend, __u32 overhead)
{
	int verdict = loom_outer_check(packet, backend, overhead);

	if (verdict != LOOM_CONTINUE)
		return verdict;
	verdict = loom_inner_age(ctx, packet);
	if (verdict != LOOM_CONTINUE)
		return verdict;
	if (bpf_xdp_adjust_head(ctx, -(int)overhead))
		return LOOM_DROP_INTERNAL;
	packet->egress = backend->ifindex;
	return loom_outer_link_write(ctx, packet, backend, overhead);
}

/*
 * DSCP and ECN are the inner ones (RFC 6040, normal mode), so is "don't fragment"; without it the identification too.
 * `length` is of the whole outer packet.
 */
static __always_inline void loom_outer4_write(struct iphdr *outer, const struct iphdr *inner,
					      const struct loom_packet *packet, const struct loom_backend *backend,
					      __u8 protocol, __u16 length)
{
	__be16 dont_fragment = inner->frag_off & bpf_htons(LOOM_IPV4_DONT_FRAGMENT);
	__u16 *word = (__u16 *)outer;
	__u64 sum = 0;

	outer->version = 4;
	outer->ihl = 5;
	outer->tos = packet->tos;
	outer->tot_len = bpf_htons(length);
	outer->id = dont_fragment ? 0 : inner->id;
	outer->frag_off = dont_fragment;
	outer->ttl = LOOM_OUTER_TTL;
	outer->protocol = protocol;
	outer->check = 0;
	outer->saddr = backend->source[0];
	outer->daddr = backend->address[0];
#pragma unroll
	for (int i = 0; i < 10; i++)
		sum += word[i];
	outer->check = ~loom_sum_fold(sum);
}

/*
 * Version, traffic class and flow label are the inner ones: the label keeps the flow on one path (RFC 6438). `length` is of
 * what follows the outer header.
 */
static __always_inline void loom_outer6_write(struct ipv6hdr *outer, const struct ipv6hdr *inner,
					      const struct loom_backend *backend, __u8 next_header, __u16 length)
{
	__builtin_memcpy(outer, inner, 4);
	outer->payload_len = bpf_htons(length);
	outer->nexthdr = next_header;
	outer->hop_limit = LOOM_OUTER_TTL;
	__builtin_memcpy(&outer->saddr, backend->source, sizeof(outer->saddr));
	__builtin_memcpy(&outer->daddr, backend->address, sizeof(outer->daddr));
}

#endif
