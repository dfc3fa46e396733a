/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * For backends under forwarding ipip whose kernel has no tunnel module: takes the outer header off IPv4-in-IPv4 (RFC 2003)
 * and IPv6-in-IPv6 (RFC 2473) packets and passes the inner one to the stack, which must own the vip address. Everything else
 * passes as it is. Attach: ip link set dev eth0 xdpdrv obj decap.bpf.o sec xdp
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define LOOM_IPV4_FRAGMENT 0x3fff

/* Whether a whole IPv4 packet without options stands in the frame and carries another one. */
static __always_inline int loom_carries_ipv4(const struct iphdr *outer, void *end)
{
	const struct iphdr *inner = outer + 1;

	return (void *)(inner + 1) <= end && outer->version == 4 && outer->ihl == 5 &&
	       outer->protocol == IPPROTO_IPIP && !(outer->frag_off & bpf_htons(LOOM_IPV4_FRAGMENT)) &&
	       inner->version == 4;
}

static __always_inline int loom_carries_ipv6(const struct ipv6hdr *outer, void *end)
{
	const struct ipv6hdr *inner = outer + 1;

	return (void *)(inner + 1) <= end && outer->version == 6 && outer->nexthdr == IPPROTO_IPV6 &&
	       inner->version == 6;
}

/* The length of the header to take off; 0: leave the frame alone. */
static __always_inline int loom_outer_length(struct xdp_md *ctx)
{
	struct ethhdr *ethernet = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;

	if ((void *)(ethernet + 1) > end)
		return 0;
	if (ethernet->h_proto == bpf_htons(ETH_P_IP) && loom_carries_ipv4((void *)(ethernet + 1), end))
		return sizeof(struct iphdr);
	if (ethernet->h_proto == bpf_htons(ETH_P_IPV6) && loom_carries_ipv6((void *)(ethernet + 1), end))
		return sizeof(struct ipv6hdr);
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
