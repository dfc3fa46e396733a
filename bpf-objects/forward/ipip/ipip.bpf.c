/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Forwarding method ipip: puts the packet, unchanged but for its TTL, into another one to the backend: IPv4 in IPv4 (RFC
 * 2003) or IPv6 in IPv6 (RFC 2473). The backend owns the vip address and answers the client itself.
 */
#include <linux/bpf.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include <loom/checksum.h>
#include <loom/forward.h>

#define LOOM_OUTER_TTL 64
#define LOOM_IPV4_DONT_FRAGMENT 0x4000

const volatile __u32 loom_abi_slotXX = LOOM_ABI_VERSION;

static __always_inline __u32 ipip_overhead(const struct loom_packet *packet)
{
	return packet->family == 4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
}

/* One hop of Loom's own (RFC 2003 section 3.1, RFC 2473 section 3.1): the TTL and, in IPv4, the word's share in the sum. */
static __always_inline int ipip_inner_age(struct xdp_md *ctx, const struct loom_packet *packet)
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
 * `overhead` bytes further on and is partly overwritten by the outer IP header later.
 */
static __always_inline int ipip_link_write(struct xdp_md *ctx, const struct loom_packet *packet,
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

/* DSCP and ECN are the inner ones (RFC 6040, normal mode), so is "don't fragment"; without it the identification too. */
static __always_inline void ipip_outer4_write(struct iphdr *outer, const struct iphdr *inner,
					      const struct loom_packet *packet, const struct loom_backend *backend)
{
	__be16 dont_fragment = inner->frag_off & bpf_htons(LOOM_IPV4_DONT_FRAGMENT);
	__u16 *word = (__u16 *)outer;
	__u64 sum = 0;

	outer->version = 4;
	outer->ihl = 5;
	outer->tos = packet->tos;
	outer->tot_len = bpf_htons(packet->length + sizeof(*outer));
	outer->id = dont_fragment ? 0 : inner->id;
	outer->frag_off = dont_fragment;
	outer->ttl = LOOM_OUTER_TTL;
	outer->protocol = IPPROTO_IPIP;
	outer->check = 0;
	outer->saddr = backend->source[0];
	outer->daddr = backend->address[0];
#pragma unroll
	for (int i = 0; i < 10; i++)
		sum += word[i];
	outer->check = ~loom_sum_fold(sum);
}

/* Version, traffic class and flow label are the inner ones: the label keeps the flow on one path (RFC 6438). */
static __always_inline void ipip_outer6_write(struct ipv6hdr *outer, const struct ipv6hdr *inner,
					      const struct loom_packet *packet, const struct loom_backend *backend)
{
	__builtin_memcpy(outer, inner, 4);
	outer->payload_len = bpf_htons(packet->length);
	outer->nexthdr = IPPROTO_IPV6;
	outer->hop_limit = LOOM_OUTER_TTL;
	__builtin_memcpy(&outer->saddr, backend->source, sizeof(outer->saddr));
	__builtin_memcpy(&outer->daddr, backend->address, sizeof(outer->daddr));
}

static __always_inline int ipip_outer_write(struct xdp_md *ctx, const struct loom_packet *packet,
					    const struct loom_backend *backend)
{
	void *end = (void *)(long)ctx->data_end, *header = (void *)(long)ctx->data + loom_packet_l3(packet);
	struct ipv6hdr *outer6 = header;
	struct iphdr *outer4 = header;

	if (packet->family == 4) {
		if ((void *)(outer4 + 2) > end)
			return LOOM_DROP_TRUNCATED;
		ipip_outer4_write(outer4, outer4 + 1, packet, backend);
		return LOOM_FORWARD;
	}
	if ((void *)(outer6 + 2) > end)
		return LOOM_DROP_TRUNCATED;
	ipip_outer6_write(outer6, outer6 + 1, packet, backend);
	return LOOM_FORWARD;
}

__hidden int loom_forward_slotXX(struct xdp_md *ctx, struct loom_packet *packet, struct loom_conn *conn,
				 const struct loom_backend *backend)
{
	__u32 overhead = ipip_overhead(packet);
	int verdict;

	(void)conn;
	if (backend->family != packet->family)
		return LOOM_DROP_INTERNAL;
	if (packet->ttl <= 1)
		return LOOM_DROP_TTL;
	if (backend->mtu && packet->length + overhead > backend->mtu)
		return LOOM_DROP_TOO_BIG;
	verdict = ipip_inner_age(ctx, packet);
	if (verdict != LOOM_CONTINUE)
		return verdict;
	if (bpf_xdp_adjust_head(ctx, -(int)overhead))
		return LOOM_DROP_INTERNAL;
	verdict = ipip_link_write(ctx, packet, backend, overhead);
	if (verdict != LOOM_CONTINUE)
		return verdict;
	packet->egress = backend->ifindex;
	return ipip_outer_write(ctx, packet, backend);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
