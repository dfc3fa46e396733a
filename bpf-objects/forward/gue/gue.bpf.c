/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Forwarding method gue: puts the packet, unchanged but for its TTL, into a UDP datagram to port 6080 of the backend: Generic
 * UDP Encapsulation, variant 1 (draft-ietf-intarea-gue-09 section 4), which has no header of its own, because the first bits
 * of an IP packet say its version. Routers and NICs spread it by its source port, which comes from the flow. The backend owns
 * the vip address and answers the client itself. docs/adr/0006-gue-checksums.md says why checksums are as they are.
 */
#include <linux/bpf.h>
#include <linux/in.h>
#include <linux/udp.h>
#include "../outer.h"

#define GUE_PORT 6080
#define GUE_SOURCE_PORTS 0xc000 /* 49152 to 65535, the range of RFC 6335 for ports that nobody owns */

const volatile __u32 loom_abi_slotXX = LOOM_ABI_VERSION;

struct gue_headers4 {
	struct iphdr outer;
	struct udphdr udp;
	struct iphdr inner;
};

struct gue_headers6 {
	struct ipv6hdr outer;
	struct udphdr udp;
	struct ipv6hdr inner;
};

static __always_inline __u32 gue_overhead(const struct loom_packet *packet)
{
	return (packet->family == 4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr)) + sizeof(struct udphdr);
}

/* The checksum is zero, "none": IPv4 allows it (RFC 768), and the inner TCP has one. */
static __always_inline void gue_udp_write(struct udphdr *udp, const struct loom_packet *packet)
{
	udp->source = bpf_htons(GUE_SOURCE_PORTS | (packet->hash & ~GUE_SOURCE_PORTS));
	udp->dest = bpf_htons(GUE_PORT);
	udp->len = bpf_htons(packet->length + sizeof(*udp));
	udp->check = 0;
}

/*
 * The sum over an IPv6 packet that carries TCP, UDP or ICMPv6, without reading that. A message whose checksum is right sums up, together
 * with its pseudo header (addresses, length, protocol), to zero. So the message is the complement of the pseudo header, whose
 * addresses and length are those of the IPv6 header and cancel out; the rest of both headers remains.
 */
static __always_inline __u64 gue_inner_sum(const struct ipv6hdr *inner)
{
	const __u32 *word = (const void *)inner;
	__be16 next_header_and_hop_limit = ((const __be16 *)inner)[3];

	return (__u64)word[0] + next_header_and_hop_limit + (__u16)~bpf_htons(inner->nexthdr);
}

static __always_inline __u64 gue_address_sum(const __be32 address[4])
{
	return (__u64)address[0] + address[1] + address[2] + address[3];
}

/* RFC 8200 section 8.1. The UDP length is in the pseudo header and in the UDP header, so it counts twice. */
static __always_inline __be16 gue_checksum6(const struct gue_headers6 *headers, const struct loom_backend *backend)
{
	const struct udphdr *udp = &headers->udp;
	__u64 sum = gue_inner_sum(&headers->inner);
	__u16 checksum;

	sum += gue_address_sum(backend->source) + gue_address_sum(backend->address) + bpf_htons(IPPROTO_UDP);
	sum += (__u64)udp->source + udp->dest + udp->len + udp->len;
	checksum = ~loom_sum_fold(sum);
	return checksum ? checksum : 0xffff; /* zero would say "none" */
}

static __always_inline int gue_outer4_write(struct xdp_md *ctx, const struct loom_packet *packet,
					    const struct loom_backend *backend)
{
	struct gue_headers4 *headers = (void *)(long)ctx->data + loom_packet_l3(packet);

	if ((void *)(headers + 1) > (void *)(long)ctx->data_end)
		return LOOM_DROP_TRUNCATED;
	loom_outer4_write(&headers->outer, &headers->inner, packet, backend, IPPROTO_UDP,
			  packet->length + sizeof(headers->outer) + sizeof(headers->udp));
	gue_udp_write(&headers->udp, packet);
	return LOOM_FORWARD;
}

static __always_inline int gue_outer6_write(struct xdp_md *ctx, const struct loom_packet *packet,
					    const struct loom_backend *backend)
{
	struct gue_headers6 *headers = (void *)(long)ctx->data + loom_packet_l3(packet);

	if ((void *)(headers + 1) > (void *)(long)ctx->data_end)
		return LOOM_DROP_TRUNCATED;
	loom_outer6_write(&headers->outer, &headers->inner, backend, IPPROTO_UDP,
			  packet->length + sizeof(headers->udp));
	gue_udp_write(&headers->udp, packet);
	headers->udp.check = gue_checksum6(headers, backend);
	return LOOM_FORWARD;
}

__hidden int loom_forward_slotXX(struct xdp_md *ctx, struct loom_packet *packet, struct loom_conn *conn,
				 const struct loom_backend *backend)
{
	int verdict = loom_outer_open(ctx, packet, backend, gue_overhead(packet));

	(void)conn;
	if (verdict != LOOM_CONTINUE)
		return verdict;
	return packet->family == 4 ? gue_outer4_write(ctx, packet, backend) : gue_outer6_write(ctx, packet, backend);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
