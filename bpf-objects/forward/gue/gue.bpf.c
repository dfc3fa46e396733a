/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Forwarding method gue: puts the packet, unchanged but for its TTL, into a UDP datagram to a port of the backend: Generic UDP
 * Encapsulation, variant 1 (draft-ietf-intarea-gue-09 section 4), which has no header of its own, because the first bits of
 * an IP packet say its version. Routers and NICs spread it by its source port, which comes from the flow. The backend owns
 * the vip address and answers the client itself. docs/adr/0006-gue-checksums.md and 0009 say why checksums are as they are.
 */
#include <linux/bpf.h>
#include "checksum.h"

#define GUE_SOURCE_PORTS 0xc000 /* 49152 to 65535, the range of RFC 6335 for ports that nobody owns */

const volatile __u32 loom_abi_slotXX = LOOM_ABI_VERSION;

/* Option; the bundle sets it before load. */
const volatile __u16 gue_port = 6080;

/*
 * Without a checksum: over IPv4 none is needed (RFC 768), and what is inside has its own. Returns the sum of the header and
 * its length.
 */
static __always_inline __u64 gue_udp_write(struct udphdr *udp, const struct loom_packet *packet)
{
	__be32 *word = (__be32 *)udp;
	__u32 source = GUE_SOURCE_PORTS | (packet->hash & ~GUE_SOURCE_PORTS & 0xffff);

	__be32 ports = bpf_htonl(source << 16 | gue_port);
	__be32 length = bpf_htonl((packet->length + sizeof(*udp)) << 16);

	word[0] = ports;
	word[1] = length;
	return (__u64)ports + length + length;
}

static __always_inline int gue_forward4(struct xdp_md *ctx, struct loom_packet *packet,
					const struct loom_backend *backend)
{
	__u32 overhead = sizeof(struct iphdr) + sizeof(struct udphdr);
	struct loom_inner *inner;
	struct iphdr *outer;
	int verdict = loom_outer_open(ctx, packet, backend, overhead, bpf_htons(ETH_P_IP), (void **)&outer, &inner);

	if (verdict != LOOM_CONTINUE)
		return verdict;
	loom_outer4_write(outer, inner, packet, backend, IPPROTO_UDP, packet->length + overhead);
	gue_udp_write((struct udphdr *)(outer + 1), packet);
	return LOOM_FORWARD;
}

static __always_inline int gue_forward6(struct xdp_md *ctx, struct loom_packet *packet,
					const struct loom_backend *backend)
{
	__u32 overhead = sizeof(struct ipv6hdr) + sizeof(struct udphdr);
	struct loom_inner *inner;
	struct ipv6hdr *outer;
	struct udphdr *udp;
	__u64 sum;
	int verdict = loom_outer_open(ctx, packet, backend, overhead, bpf_htons(ETH_P_IPV6), (void **)&outer, &inner);

	if (verdict != LOOM_CONTINUE)
		return verdict;
	udp = (struct udphdr *)(outer + 1);
	sum = loom_outer6_write(outer, inner, packet, backend, IPPROTO_UDP, packet->length + sizeof(*udp));
	sum += gue_udp_write(udp, packet);
	udp->check = gue_checksum6(ctx, packet, inner, sum);
	return LOOM_FORWARD;
}

__hidden int loom_forward_slotXX(struct xdp_md *ctx, struct loom_packet *packet, struct loom_conn *conn,
				 const struct loom_backend *backend)
{
	(void)conn;
	return backend->family == 4 ? gue_forward4(ctx, packet, backend) : gue_forward6(ctx, packet, backend);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
