/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Protocol handler udp: ports and length of a datagram (RFC 768). It signals nothing, so that a flow goes on until it is idle
 * for its timeout. The checksum is left to the receiver, as it is with TCP.
 */
#include <linux/bpf.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <loom/protocol.h>

const volatile __u32 loom_protocol_abi_slotXX = LOOM_ABI_VERSION;

__hidden int loom_protocol_slotXX(struct xdp_md *ctx, struct loom_packet *packet)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u32 l3 = loom_packet_l3(packet), l4 = loom_packet_l4(packet);
	struct udphdr *udp = data + l4;
	__u32 present = end - data, length;

	if ((void *)(udp + 1) > end)
		return LOOM_DROP_TRUNCATED;
	length = bpf_ntohs(udp->len);
	if (length < sizeof(*udp) || l3 + packet->length > present)
		return LOOM_DROP_BAD_LENGTH;
	if (l4 + length > l3 + packet->length) {
		if (!packet->fragment)
			return LOOM_DROP_BAD_LENGTH;
		if (l4 + sizeof(*udp) > l3 + packet->length)
			return LOOM_DROP_FRAGMENT_TINY;
	}
	packet->source_port = udp->source;
	packet->destination_port = udp->dest;
	packet->signals = 0;
	packet->state = LOOM_CONN_DATAGRAM;
	return LOOM_CONTINUE;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
