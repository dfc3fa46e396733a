/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Forwarding method ipip: puts the packet, unchanged but for its TTL, into another one to the backend: IPv4 in IPv4 (RFC
 * 2003) or IPv6 in IPv6 (RFC 2473). The backend owns the vip address and answers the client itself.
 */
#include <linux/bpf.h>
#include <linux/in.h>
#include "../outer.h"

const volatile __u32 loom_abi_slotXX = LOOM_ABI_VERSION;

static __always_inline __u32 ipip_overhead(const struct loom_packet *packet)
{
	return packet->family == 4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
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
		loom_outer4_write(outer4, outer4 + 1, packet, backend, IPPROTO_IPIP, packet->length + sizeof(*outer4));
		return LOOM_FORWARD;
	}
	if ((void *)(outer6 + 2) > end)
		return LOOM_DROP_TRUNCATED;
	loom_outer6_write(outer6, outer6 + 1, backend, IPPROTO_IPV6, packet->length);
	return LOOM_FORWARD;
}

__hidden int loom_forward_slotXX(struct xdp_md *ctx, struct loom_packet *packet, struct loom_conn *conn,
				 const struct loom_backend *backend)
{
	int verdict = loom_outer_open(ctx, packet, backend, ipip_overhead(packet));

	(void)conn;
	return verdict == LOOM_CONTINUE ? ipip_outer_write(ctx, packet, backend) : verdict;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
