/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The UDP checksum of a GUE datagram over IPv6, made from headers alone (docs/adr/0009-gue-checksum-of-any-packet.md). What
 * has a right checksum sums up, together with all that the checksum covers, to zero. So the sum of a TCP segment, a UDP
 * datagram or an ICMPv6 message is the complement of its pseudo header (addresses, length, protocol); that of an ICMP message
 * is zero, and so is that of an IPv4 header.
 */
#ifndef GUE_CHECKSUM_H
#define GUE_CHECKSUM_H

#include <linux/udp.h>
#include "../outer.h"

/* What the packet inside carries: read from its header, since a hook may have made struct loom_packet say something else. */
struct gue_payload {
	__u32 protocol;
	__u32 offset; /* in the packet */
	__u32 length;
};

static __always_inline struct gue_payload gue_payload(const struct loom_packet *packet, const struct loom_inner *inner)
{
	struct gue_payload payload = {};

	if (packet->family == 4) {
		payload.protocol = bpf_ntohl(inner->word[2]) >> 16 & 0xff;
		payload.offset = (bpf_ntohl(inner->word[0]) >> 24 & 0xf) * 4;
	} else {
		payload.protocol = bpf_ntohl(inner->word[1]) >> 8 & 0xff;
		payload.offset = sizeof(struct ipv6hdr);
	}
	payload.length = packet->length - payload.offset;
	return payload;
}

/* Whether the datagram has a checksum, and it covers all that the IP packet carries. */
static __always_inline int gue_datagram_is_covered(struct xdp_md *ctx, const struct loom_inner *inner,
						   struct gue_payload payload)
{
	const struct udphdr *udp = (const void *)inner + payload.offset;

	if ((void *)(udp + 1) > (void *)(long)ctx->data_end)
		return 0;
	return udp->check && bpf_ntohs(udp->len) == payload.length;
}

/* Whether the sum of the packet follows from its headers. */
static __always_inline int gue_sum_is_known(struct xdp_md *ctx, const struct loom_packet *packet,
					    const struct loom_inner *inner, struct gue_payload payload)
{
	if (packet->fragment)
		return 0;
	if (payload.protocol == IPPROTO_TCP)
		return 1;
	if (payload.protocol == IPPROTO_UDP)
		return gue_datagram_is_covered(ctx, inner, payload);
	return payload.protocol == (packet->family == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
}

/* What it adds to a ones' complement sum to take this away. */
static __always_inline __u64 gue_sum_without(__be32 word)
{
	return (__u32)~word;
}

/* The IPv4 header is zero and the payload the complement of its pseudo header, which ICMP does without. */
static __always_inline __u64 gue_inner4_sum(const struct loom_inner *inner, struct gue_payload payload)
{
	if (payload.protocol == IPPROTO_ICMP)
		return 0;
	return gue_sum_without(inner->word[3]) + gue_sum_without(inner->word[4]) +
	       gue_sum_without(bpf_htonl(payload.protocol << 16 | payload.length));
}

/* The same with IPv6, whose header has the addresses and the length of the pseudo header: they cancel out. */
static __always_inline __u64 gue_inner6_sum(const struct loom_inner *inner, struct gue_payload payload)
{
	return (__u64)inner->word[0] + (inner->word[1] & bpf_htonl(0xffff)) +
	       gue_sum_without(bpf_htonl(payload.protocol));
}

/*
 * RFC 8200 section 8.1. `sum` is of the outer addresses, the UDP header and the length once more, since the pseudo header has
 * it too. Zero, "none", where the sum of what the datagram carries is not known (RFC 6935).
 */
static __always_inline __be16 gue_checksum6(struct xdp_md *ctx, const struct loom_packet *packet,
					    const struct loom_inner *inner, __u64 sum)
{
	struct gue_payload payload = gue_payload(packet, inner);
	__u16 checksum;

	if (!gue_sum_is_known(ctx, packet, inner, payload))
		return 0;
	sum += packet->family == 4 ? gue_inner4_sum(inner, payload) : gue_inner6_sum(inner, payload);
	checksum = ~loom_sum_fold(sum + bpf_htons(IPPROTO_UDP));
	return checksum ? checksum : 0xffff;
}

#endif
