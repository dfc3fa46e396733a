/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * For backends under forwarding ipip or gue whose kernel has no tunnel module: takes the outer headers off IPv4-in-IPv4 (RFC
 * 2003), IPv6-in-IPv6 (RFC 2473) and GUE packets (variant 1, UDP port 6080, the same pairs) and passes the inner one to the
 * stack, which must own the vip address. The UDP checksum goes unread: the stack verifies that of the inner TCP. Everything
 * else passes as it is. Attach: ip link set dev eth0 xdpdrv obj decap.bpf.o sec xdp
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define LOOM_IPV4_FRAGMENT 0x3fff
#define GUE_PORT 6080

/* The bytes between an outer IP header and what it carries: UDP of GUE or none; -1: neither GUE nor `tunnel`. */
static __always_inline int loom_shim_length(const void *next, void *end, __u8 protocol, __u8 tunnel)
{
	const struct udphdr *udp = next;

	if (protocol == tunnel)
		return 0;
	if (protocol != IPPROTO_UDP || (void *)(udp + 1) > end || udp->dest != bpf_htons(GUE_PORT))
		return -1;
	return sizeof(*udp);
}

/* What stands before the IPv4 packet that a whole one without options carries; 0: it carries none. */
static __always_inline int loom_outer4_length(const struct iphdr *outer, void *end)
{
	const struct iphdr *inner;
	int shim;

	if ((void *)(outer + 1) > end || outer->version != 4 || outer->ihl != 5 ||
	    outer->frag_off & bpf_htons(LOOM_IPV4_FRAGMENT))
		return 0;
	shim = loom_shim_length(outer + 1, end, outer->protocol, IPPROTO_IPIP);
	if (shim < 0)
		return 0;
	inner = (void *)(outer + 1) + shim;
	return (void *)(inner + 1) <= end && inner->version == 4 ? (int)sizeof(*outer) + shim : 0;
}

static __always_inline int loom_outer6_length(const struct ipv6hdr *outer, void *end)
{
	const struct ipv6hdr *inner;
	int shim;

	if ((void *)(outer + 1) > end || outer->version != 6)
		return 0;
	shim = loom_shim_length(outer + 1, end, outer->nexthdr, IPPROTO_IPV6);
	if (shim < 0)
		return 0;
	inner = (void *)(outer + 1) + shim;
	return (void *)(inner + 1) <= end && inner->version == 6 ? (int)sizeof(*outer) + shim : 0;
}

/* The length of the headers to take off; 0: leave the frame alone. */
static __always_inline int loom_outer_length(struct xdp_md *ctx)
{
	struct ethhdr *ethernet = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;

	if ((void *)(ethernet + 1) > end)
		return 0;
	if (ethernet->h_proto == bpf_htons(ETH_P_IP))
		return loom_outer4_length((void *)(ethernet + 1), end);
	if (ethernet->h_proto == bpf_htons(ETH_P_IPV6))
		return loom_outer6_length((void *)(ethernet + 1), end);
	return 0;
}

SEC("xdp")
int loom_decap(struct xdp_md *ctx)
{
	int length = loom_outer_length(ctx);
	struct ethhdr *ethernet, saved;

	if (!length)
		return XDP_PASS;
	ethernet = (void *)(long)ctx->data;
	if ((void *)(ethernet + 1) > (void *)(long)ctx->data_end)
		return XDP_PASS;
	saved = *ethernet;
	if (bpf_xdp_adjust_head(ctx, length))
		return XDP_DROP;
	ethernet = (void *)(long)ctx->data;
	if ((void *)(ethernet + 1) > (void *)(long)ctx->data_end)
		return XDP_DROP;
	*ethernet = saved;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
