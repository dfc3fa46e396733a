/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * From bytes to struct loom_packet: Ethernet with up to two tags, IPv4 with options, IPv6 with
 * extension headers, fragments of both; then the protocol handler. Each step returns
 * LOOM_CONTINUE, or the verdict on a packet that is not for Loom or not sound. Only core calls this, once a packet.
 */
#ifndef LOOM_CORE_PARSE_H
#define LOOM_CORE_PARSE_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include <loom/packet.h>
#include "extension.h"
#include "fragment.h"
#include "protocols.h"
#include "station.h"

#define LOOM_TAGS 2
#define LOOM_IPV4_MORE 0x2000
#define LOOM_IPV4_OFFSET 0x1fff

struct loom_frame {
	void *data;
	void *end;
};

/* What follows an Ethernet header or a tag whose type says 802.1Q or 802.1ad. */
struct loom_tag {
	__be16 control;
	__be16 type;
};

static __always_inline int loom_type_is_tag(__be16 type)
{
	return type == bpf_htons(ETH_P_8021Q) || type == bpf_htons(ETH_P_8021AD);
}

static __always_inline enum loom_verdict loom_parse_link(const struct loom_frame *frame, struct loom_packet *packet,
							 __be16 *type)
{
	struct ethhdr *ethernet = frame->data;
	struct loom_tag *tag = (void *)(ethernet + 1);

	if ((void *)(ethernet + 1) > frame->end)
		return LOOM_DROP_TRUNCATED;
	*type = *((__be16 *)tag - 1); /* h_proto, whose struct is packed: clang would load its bytes one by one */
	packet->l3 = sizeof(*ethernet);
	if (*type == bpf_htons(ETH_P_IP))
		return LOOM_CONTINUE; /* what comes most is asked for first */
	for (int i = 0; i < LOOM_TAGS && loom_type_is_tag(*type); i++, tag++) {
		if ((void *)(tag + 1) > frame->end)
			return LOOM_DROP_TRUNCATED;
		*type = tag->type;
		packet->l3 += sizeof(*tag);
	}
	return LOOM_CONTINUE;
}

/* Flags and offset are in one word; the offset in units of 8 bytes. */
static __noinline int loom_fragment4_parse(struct xdp_md *ctx, struct loom_packet *packet)
{
	struct iphdr *ip = (void *)(long)ctx->data + loom_packet_l3(packet);
	__u32 field;

	if ((void *)(ip + 1) > (void *)(long)ctx->data_end)
		return LOOM_DROP_TRUNCATED;
	field = bpf_ntohs(ip->frag_off);
	return loom_fragment_begin(ctx, packet, ip->id, (field & LOOM_IPV4_OFFSET) * 8, field & LOOM_IPV4_MORE);
}

static __always_inline int loom_parse_ipv4(struct xdp_md *ctx, const struct loom_frame *frame,
					   struct loom_packet *packet)
{
	struct iphdr *ip = frame->data + loom_packet_l3(packet);
	__u32 begin; /* version, and length in words */

	if ((void *)(ip + 1) > frame->end)
		return LOOM_DROP_TRUNCATED;
	begin = *(__u8 *)ip;
	if (begin >> 4 != 4)
		return LOOM_PASS_NOT_IP;
	if (begin < 0x45)
		return LOOM_DROP_BAD_LENGTH;
	packet->family = 4;
	packet->protocol = ip->protocol;
	packet->tos = ip->tos;
	packet->ttl = ip->ttl;
	packet->l4 = packet->l3 + (begin & 15) * 4;
	packet->source[0] = ip->saddr;
	packet->destination[0] = ip->daddr;
	packet->length = bpf_ntohs(ip->tot_len);
	if (ip->frag_off & bpf_htons(LOOM_IPV4_OFFSET | LOOM_IPV4_MORE))
		return loom_fragment4_parse(ctx, packet);
	return LOOM_CONTINUE;
}

static __always_inline int loom_parse_ipv6(struct xdp_md *ctx, const struct loom_frame *frame,
					   struct loom_packet *packet)
{
	struct ipv6hdr *ip = frame->data + loom_packet_l3(packet);

	if ((void *)(ip + 1) > frame->end)
		return LOOM_DROP_TRUNCATED;
	if (ip->version != 6)
		return LOOM_PASS_NOT_IP;
	packet->family = 6;
	packet->protocol = ip->nexthdr;
	packet->tos = bpf_ntohs(*(__be16 *)ip) >> 4; /* behind the version, and before the flow label */
	packet->ttl = ip->hop_limit;
	packet->l4 = packet->l3 + sizeof(*ip);
	loom_address_copy(packet->source, &ip->saddr);
	loom_address_copy(packet->destination, &ip->daddr);
	packet->length = bpf_ntohs(ip->payload_len) + sizeof(*ip);
	if (ip->nexthdr != IPPROTO_TCP && loom_header_is_extension(ip->nexthdr)) /* what comes most is asked for first */
		return loom_extensions_follow(ctx, packet);
	return LOOM_CONTINUE;
}

static __always_inline int loom_packet_parse(struct xdp_md *ctx, struct loom_packet *packet)
{
	struct loom_frame frame = {(void *)(long)ctx->data, (void *)(long)ctx->data_end};
	__be16 type = 0;
	int verdict;

	if (frame.data + ETH_HLEN > frame.end)
		return LOOM_DROP_TRUNCATED;
	if (loom_frame_is_foreign(ctx, frame.data))
		return LOOM_PASS_OTHER_STATION;
	verdict = loom_parse_link(&frame, packet, &type);
	if (verdict != LOOM_CONTINUE)
		return verdict;
	if (type == bpf_htons(ETH_P_IP))
		verdict = loom_parse_ipv4(ctx, &frame, packet);
	else if (type == bpf_htons(ETH_P_IPV6))
		verdict = loom_parse_ipv6(ctx, &frame, packet);
	else
		verdict = LOOM_PASS_NOT_IP;
	return verdict == LOOM_CONTINUE ? loom_protocol_parse(ctx, packet) : verdict;
}

#endif
