/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * For backends under forwarding ipip or gue whose kernel has no tunnel module: takes the outer headers off IP in IP, either
 * version in either (RFC 2003, 2473, 4213), and off GUE packets (variant 1, any port that gue_port says), and passes the
 * inner packet to the stack, which must own the vip address. A mark of congestion on the way goes over to the inner packet
 * (RFC 6040); one that has nowhere to go is the only reason to drop. UDP checksums go unread: the stack verifies the inner
 * ones. Everything else passes as it is, also what contradicts itself. Attach: ip link set dev eth0 xdpdrv obj decap.bpf.o sec xdp
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <loom/checksum.h>

#define DECAP_IPV4_FRAGMENT 0x3fff

/* Set before load where Loom's ebpf.xdp.dsr.gue_port is another. */
const volatile __u16 gue_port = 6080;

/* The last two bits of the traffic class (RFC 3168 section 5). */
enum decap_ecn {
	DECAP_NOT_ECT = 0,
	DECAP_ECT1 = 1,
	DECAP_ECT0 = 2,
	DECAP_CE = 3,
};

/* What an IP header of either version says. */
struct decap_header {
	__u8 version; /* 0: there is none, or a fragment, or lengths that cannot be */
	__u8 protocol;
	__u8 ecn;
	__u32 size;
	__u32 length; /* of the packet, header included */
};

static __always_inline struct decap_header decap_header4(const struct iphdr *ip)
{
	struct decap_header header = {};

	header.protocol = ip->protocol;
	header.ecn = ip->tos & 3;
	header.size = ip->ihl * 4;
	header.length = bpf_ntohs(ip->tot_len);
	if (header.size >= sizeof(*ip) && header.length >= header.size)
		header.version = 4;
	return header;
}

static __always_inline struct decap_header decap_header6(const struct ipv6hdr *ip)
{
	struct decap_header header = {};

	header.version = 6;
	header.protocol = ip->nexthdr;
	header.ecn = ip->flow_lbl[0] >> 4 & 3;
	header.size = sizeof(*ip);
	header.length = bpf_ntohs(ip->payload_len) + sizeof(*ip);
	return header;
}

static __always_inline struct decap_header decap_header(const void *at, const void *end)
{
	struct decap_header none = {};
	const struct ipv6hdr *ip6 = at;
	const struct iphdr *ip = at;

	if ((const void *)(ip + 1) > end)
		return none;
	if (ip->version == 4)
		return decap_header4(ip);
	if (ip->version != 6 || (const void *)(ip6 + 1) > end)
		return none;
	return decap_header6(ip6);
}

/*
 * The header in front, of a whole packet and, in IPv4, without options and not of a fragment: the tunnel's end in the stack
 * takes care of those.
 */
static __always_inline struct decap_header decap_outer(const struct ethhdr *ethernet, const void *end)
{
	const struct iphdr *ip = (const void *)(ethernet + 1);
	struct decap_header header = decap_header(ip, end);
	__be16 type = header.version == 4 ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6);

	if (ethernet->h_proto != type || header.length > (__u64)(end - (const void *)ip))
		header.version = 0;
	else if (header.version == 4 && (header.size != sizeof(*ip) || ip->frag_off & bpf_htons(DECAP_IPV4_FRAGMENT)))
		header.version = 0;
	return header;
}

/* Whether UDP of so many bytes is GUE that says of itself to be no longer. */
static __always_inline int decap_is_gue(const struct udphdr *udp, const void *end, __u32 length)
{
	return (const void *)(udp + 1) <= end && udp->dest == bpf_htons(gue_port) && bpf_ntohs(udp->len) == length;
}

/* RFC 6040 section 4.2: the inner ECN field from now on, -1 if the packet has to be dropped. */
static __always_inline int decap_ecn(__u8 outer, __u8 inner)
{
	if (outer == DECAP_CE)
		return inner == DECAP_NOT_ECT ? -1 : DECAP_CE;
	if (outer == DECAP_ECT1 && inner == DECAP_ECT0)
		return DECAP_ECT1;
	return inner;
}

static __always_inline void decap_ecn_write(void *inner, __u8 version, __u8 ecn)
{
	struct iphdr *ip = inner;
	__be32 *word = inner;
	__u8 tos;

	if (version == 6) {
		*word = (*word & ~bpf_htonl(3 << 20)) | bpf_htonl(ecn << 20);
		return;
	}
	tos = (ip->tos & ~3) | ecn;
	ip->check = loom_checksum_update(ip->check, loom_sum_replace(bpf_htons(ip->tos), bpf_htons(tos)));
	ip->tos = tos;
}

/* Takes off so many bytes behind the Ethernet header, which gets the type of what follows now. */
static __always_inline int decap_strip(struct xdp_md *ctx, __u32 length, __be16 type)
{
	struct ethhdr *ethernet = (void *)(long)ctx->data, saved;

	if ((void *)(ethernet + 1) > (void *)(long)ctx->data_end)
		return XDP_PASS;
	saved = *ethernet;
	if (bpf_xdp_adjust_head(ctx, length))
		return XDP_DROP;
	ethernet = (void *)(long)ctx->data;
	if ((void *)(ethernet + 1) > (void *)(long)ctx->data_end)
		return XDP_DROP;
	saved.h_proto = type;
	*ethernet = saved;
	return XDP_PASS;
}

/* The frame carries a packet of that version `shim` bytes behind the outer IP header; any version if it is 0. */
static __always_inline int decap_unwrap(struct xdp_md *ctx, struct decap_header outer, __u32 shim, __u8 version)
{
	void *end = (void *)(long)ctx->data_end;
	void *at = (void *)(long)ctx->data + sizeof(struct ethhdr) + outer.size + shim;
	struct decap_header inner = decap_header(at, end);
	int ecn = decap_ecn(outer.ecn, inner.ecn);

	if (!inner.version || (version && inner.version != version) || inner.length > outer.length - outer.size - shim)
		return XDP_PASS;
	if (ecn < 0)
		return XDP_DROP;
	if (ecn != inner.ecn)
		decap_ecn_write(at, inner.version, ecn);
	return decap_strip(ctx, outer.size + shim, inner.version == 4 ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6));
}

SEC("xdp")
int loom_decap(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *ethernet = (void *)(long)ctx->data;
	struct decap_header outer;

	if ((void *)(ethernet + 1) > end)
		return XDP_PASS;
	outer = decap_outer(ethernet, end);
	if (!outer.version)
		return XDP_PASS;
	if (outer.protocol == IPPROTO_IPIP)
		return decap_unwrap(ctx, outer, 0, 4);
	if (outer.protocol == IPPROTO_IPV6)
		return decap_unwrap(ctx, outer, 0, 6);
	if (outer.protocol == IPPROTO_UDP && decap_is_gue((void *)(ethernet + 1) + outer.size, end, outer.length - outer.size))
		return decap_unwrap(ctx, outer, sizeof(struct udphdr), 0);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
