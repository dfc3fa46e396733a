/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Protocol handler tcp: ports, lengths and flags of a TCP segment (RFC 9293 section 3.1). */
#include <linux/bpf.h>
#include <linux/tcp.h>
#include <loom/protocol.h>

const volatile __u32 loom_protocol_abi_slotXX = LOOM_ABI_VERSION;

__hidden int loom_protocol_slotXX(struct xdp_md *ctx, struct loom_packet *packet)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u32 l3 = loom_packet_l3(packet), l4 = loom_packet_l4(packet);
	struct tcphdr *tcp = data + l4;
	__u32 present = end - data, header_end;

	if ((void *)(tcp + 1) > end)
		return LOOM_DROP_TRUNCATED;
	header_end = l4 + tcp->doff * 4;
	if (present < header_end)
		return LOOM_DROP_TRUNCATED;
	if (tcp->doff < 5 || l3 + packet->length > present)
		return LOOM_DROP_BAD_LENGTH;
	if (l3 + packet->length < header_end)
		return packet->fragment ? LOOM_DROP_FRAGMENT_TINY : LOOM_DROP_BAD_LENGTH;
	packet->source_port = tcp->source;
	packet->destination_port = tcp->dest;
	packet->signals = ((__u8 *)tcp)[13];
	packet->state = packet->signals & LOOM_SIGNAL_SYN ? LOOM_CONN_SYN_SENT : LOOM_CONN_SYN_RECEIVED;
	return LOOM_CONTINUE;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
