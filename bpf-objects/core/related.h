/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * ICMP errors (RFC 792, RFC 4443): each quotes the packet that it is about, and goes where that packet's connection does
 * (RFC 5508 section 4). What is read of it makes it a packet of the quoted flow's other direction, as if the receiver of the
 * quoted packet had sent it; packet->related says that it is none. Only core calls this, for what no handler has taken.
 */
#ifndef LOOM_CORE_RELATED_H
#define LOOM_CORE_RELATED_H

#include <loom/icmp.h>
#include "parse.h"

/* TCP and UDP begin alike. The rest of what is quoted may be missing: eight bytes are all that RFC 792 promises. */
struct loom_quoted {
	__be16 source_port;
	__be16 destination_port;
	__u8 rest[4];
};

/* Whether this ICMP type quotes a packet: destination unreachable, packet too big, time exceeded, parameter problem. */
static __always_inline int loom_icmp_quotes(const struct loom_packet *packet, __u8 type)
{
	if (packet->family == 4)
		return packet->protocol == IPPROTO_ICMP &&
		       (type == LOOM_ICMP4_UNREACHABLE || type == LOOM_ICMP4_TIME_EXCEEDED ||
			type == LOOM_ICMP4_PARAMETER_PROBLEM);
	return packet->protocol == IPPROTO_ICMPV6 && type >= LOOM_ICMP6_UNREACHABLE &&
	       type <= LOOM_ICMP6_PARAMETER_PROBLEM;
}

/* Takes the flow from the quoted header; returns the offset of the ports behind it, or 0 if it quotes nothing of Loom's. */
static __always_inline __u32 loom_quoted4_read(struct loom_packet *packet, void *data, void *end, __u32 at)
{
	struct iphdr *ip = data + at;

	/* An error about a packet that the addressee of the error has not sent is no error. */
	if ((void *)(ip + 1) > end || ip->version != 4 || ip->ihl < 5 ||
	    ip->frag_off & bpf_htons(LOOM_IPV4_OFFSET) || ip->saddr != packet->destination[0])
		return 0;
	packet->protocol = ip->protocol;
	packet->source[0] = ip->daddr;
	return at + ip->ihl * 4;
}

static __always_inline __u32 loom_quoted6_read(struct loom_packet *packet, void *data, void *end, __u32 at)
{
	struct ipv6hdr *ip = data + at;
	struct loom_extension *fragment = (void *)(ip + 1);
	const __be32 *source = ip->saddr.in6_u.u6_addr32;

	if ((void *)(ip + 1) > end || ip->version != 6 || source[0] != packet->destination[0] ||
	    source[1] != packet->destination[1] || source[2] != packet->destination[2] ||
	    source[3] != packet->destination[3])
		return 0;
	packet->protocol = ip->nexthdr;
	loom_address_copy(packet->source, &ip->daddr);
	if (ip->nexthdr != IPPROTO_FRAGMENT)
		return at + sizeof(*ip);
	/* What its sender could not send whole: the first fragment has the ports (RFC 8200 section 4.5). */
	if ((void *)(fragment + 1) > end || *(__be16 *)&fragment->type & bpf_htons(LOOM_IPV6_OFFSET))
		return 0;
	packet->protocol = fragment->next;
	return at + sizeof(*ip) + sizeof(*fragment);
}

/*
 * Makes the packet that of the other direction of the flow that it quotes. Returns LOOM_CONTINUE, or the verdict on what is
 * no ICMP error, or one about nothing that Loom knows.
 */
static __always_inline int loom_related_parse(struct xdp_md *ctx, struct loom_packet *packet)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u32 l4 = loom_packet_l4(packet), quoted = l4 + sizeof(struct loom_icmp), ports_at;
	long present = end - data, packet_end = loom_packet_l3(packet) + packet->length;
	struct loom_icmp *icmp = data + l4;
	struct loom_quoted *ports;

	if ((void *)(icmp + 1) > end || !loom_icmp_quotes(packet, icmp->type))
		return LOOM_PASS_OTHER_PROTOCOL;
	ports_at = packet->family == 4 ? loom_quoted4_read(packet, data, end, quoted)
				       : loom_quoted6_read(packet, data, end, quoted);
	if (!ports_at || packet_end > present || packet_end < (long)(ports_at + sizeof(*ports)))
		return LOOM_PASS_UNRELATED;
	if (packet->protocol != IPPROTO_TCP && packet->protocol != IPPROTO_UDP)
		return LOOM_PASS_UNRELATED;
	ports = data + (ports_at & 0xff);
	if ((void *)(ports + 1) > end)
		return LOOM_PASS_UNRELATED;
	packet->related = quoted;
	packet->source_port = ports->destination_port;
	packet->destination_port = ports->source_port;
	return LOOM_CONTINUE;
}

#endif
