/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Forwarding method ipip: puts the packet, unchanged but for its TTL, into another one to the backend: either IP version in
 * IPv4 (RFC 2003, RFC 4213) or in IPv6 (RFC 2473). The backend owns the vip address and answers the client itself.
 */
#include <linux/bpf.h>
#include "../outer.h"

const volatile __u32 loom_abi_slotXX = LOOM_ABI_VERSION;

static __always_inline __u8 ipip_protocol(const struct loom_packet *packet)
{
	return packet->family == 4 ? IPPROTO_IPIP : IPPROTO_IPV6;
}

static __always_inline int ipip_forward4(struct xdp_md *ctx, struct loom_packet *packet,
					 const struct loom_backend *backend)
{
	struct loom_inner *inner;
	struct iphdr *outer;
	int verdict = loom_outer_open(ctx, packet, backend, sizeof(*outer), bpf_htons(ETH_P_IP), (void **)&outer,
				      &inner);

	if (verdict != LOOM_CONTINUE)
		return verdict;
	loom_outer4_write(outer, inner, packet, backend, ipip_protocol(packet), packet->length + sizeof(*outer));
	return LOOM_FORWARD;
}

static __always_inline int ipip_forward6(struct xdp_md *ctx, struct loom_packet *packet,
					 const struct loom_backend *backend)
{
	struct loom_inner *inner;
	struct ipv6hdr *outer;
	int verdict = loom_outer_open(ctx, packet, backend, sizeof(*outer), bpf_htons(ETH_P_IPV6), (void **)&outer,
				      &inner);

	if (verdict != LOOM_CONTINUE)
		return verdict;
	loom_outer6_write(outer, inner, packet, backend, ipip_protocol(packet), packet->length);
	return LOOM_FORWARD;
}

__hidden int loom_forward_slotXX(struct xdp_md *ctx, struct loom_packet *packet, struct loom_conn *conn,
				 const struct loom_backend *backend)
{
	(void)conn;
	return backend->family == 4 ? ipip_forward4(ctx, packet, backend) : ipip_forward6(ctx, packet, backend);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
