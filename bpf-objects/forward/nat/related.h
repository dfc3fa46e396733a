/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The translation of an ICMP error: outside like any packet, but that a router which sent it keeps its address, and inside
 * the quoted packet becomes what its sender had sent (RFC 5508 section 4). Only nat.bpf.c uses this.
 */
#ifndef LOOM_NAT_RELATED_H
#define LOOM_NAT_RELATED_H

#include <loom/icmp.h>
#include "rewrite.h"

/* Replaces a checksum in the quoted packet. Returns what that adds to the sum over the ICMP message. */
static __always_inline __u64 nat_quoted_checksum(__u16 *checksum, __u64 change, __u8 protocol)
{
	__u16 before = *checksum;

	*checksum = nat_checksum_update(before, change, protocol);
	return loom_sum_replace(before, *checksum);
}

/* Ports and checksum of the quoted packet, as far as they are quoted. `change` is what its addresses added to its sum. */
static __always_inline __u64 nat_quoted_ports(struct xdp_md *ctx, const struct loom_packet *packet,
					      const struct nat_names *names, __u32 at, __u64 change)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct nat_ports *ports = data + (at & 0xff);
	__u32 checksum_at = at + nat_checksum_offset(packet->protocol);
	__u16 *checksum = data + (checksum_at & 0x1ff);
	__u64 added;

	if ((void *)(ports + 1) > end)
		return 0;
	added = nat_ports_write(ports, names->destination_port, names->source_port);
	if (checksum_at + sizeof(*checksum) > loom_packet_l3(packet) + (__u32)packet->length ||
	    (void *)(checksum + 1) > end)
		return added;
	return added + nat_quoted_checksum(checksum, change + added, packet->protocol);
}

/*
 * What the identification of the quoted packet was when its sender sent it, before the ports are. Each returns what that adds to the
 * sum over the ICMP message; core has seen that a fragment is a first one, so that its ports follow.
 */
static __always_inline __u64 nat_quoted4_identify(struct xdp_md *ctx, struct iphdr *ip, __u32 at, const struct nat_names *names)
{
	struct nat_ports *ports = (void *)(long)ctx->data + ((at + ip->ihl * 4) & 0xff);

	if (!(names->sources & NAT_PEER_CHANGES) || !nat_ipv4_is_identified(ip) || (void *)(ports + 1) > (void *)(long)ctx->data_end)
		return 0;
	return nat_ipv4_identify(ip, -nat_shift4(ports->source, ports->destination));
}

static __noinline __u32 nat_quoted6_identify(struct xdp_md *ctx, __u32 at, const struct nat_names *names)
{
	struct nat_fragment_header *header = (void *)(long)ctx->data + (at & 0xff);
	struct nat_ports *ports = (void *)(header + 1);

	if (!(names->sources & NAT_PEER_CHANGES) || (void *)(ports + 1) > (void *)(long)ctx->data_end ||
	    !(header->offset & bpf_htons(NAT_FRAGMENT_FIELD)))
		return 0;
	return loom_sum_fold(nat_ipv6_identify(header, -nat_shift6(ports->source, ports->destination)));
}

/* Whether the sender of the error is the end of the connection, which has another address on the other side. */
static __always_inline int nat_sender_is(const struct ipv6hdr *ip, const struct loom_packet *packet)
{
	return loom_address_equal(ip->saddr.in6_u.u6_addr32, packet->source);
}

/*
 * The quoted packet becomes what its sender has sent: it went the other way, so its source gets the name of the destination.
 * Returns what that adds to the sum over the ICMP message. Inner and outer headers have a function each for the sake of the
 * stack.
 */
static __noinline __u32 nat_quoted_write(struct xdp_md *ctx, const struct loom_packet *packet,
					 const struct nat_names *names)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u32 at = loom_packet_related(packet);
	struct ipv6hdr *ip6 = data + at;
	struct iphdr *ip = data + at;
	__u64 change, sum;

	if ((void *)(ip + 1) > end)
		return 0;
	if (packet->family == 4) {
		change = loom_sum_replace(ip->saddr, names->destination[0]) +
			 loom_sum_replace(ip->daddr, names->source[0]);
		ip->saddr = names->destination[0];
		ip->daddr = names->source[0];
		sum = change + nat_quoted4_identify(ctx, ip, at, names);
		sum += nat_quoted_checksum(&ip->check, sum, IPPROTO_IP);
		at += ip->ihl * 4;
	} else {
		if ((void *)(ip6 + 1) > end)
			return 0;
		change = nat_ipv6_write(ip6, names->destination, names->source);
		sum = change;
		at += sizeof(*ip6);
		if (ip6->nexthdr == IPPROTO_FRAGMENT) {
			sum += nat_quoted6_identify(ctx, at, names);
			at += sizeof(struct nat_fragment_header);
		}
	}
	return loom_sum_fold(sum + nat_quoted_ports(ctx, packet, names, at, change));
}

/* An end of the connection that reports an error has its other address on the other side; a router keeps its own. */
static __noinline int nat_error_write(struct xdp_md *ctx, const struct loom_packet *packet,
				      const struct nat_names *names, __u64 sum)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct loom_icmp *icmp = data + loom_packet_l4(packet);
	struct ipv6hdr *ip6 = data + loom_packet_l3(packet);
	struct iphdr *ip = (void *)ip6;
	const __be32 *sender;

	if (data + ETH_HLEN > end || (void *)(icmp + 1) > end || (void *)(ip + 1) > end)
		return -1;
	loom_link_write(data, names->mac);
	if (packet->family == 4) {
		sender = ip->saddr == packet->source[0] ? names->source : &ip->saddr;
		nat_ipv4_write(ip, sender, names->destination, sender == names->source ? nat_ipv4_rename(ip, names) : 0);
	} else {
		if ((void *)(ip6 + 1) > end)
			return -1;
		sender = nat_sender_is(ip6, packet) ? names->source : ip6->saddr.in6_u.u6_addr32;
		sum += nat_ipv6_write(ip6, sender, names->destination);
		ip6->hop_limit--;
	}
	icmp->checksum = loom_checksum_update(icmp->checksum, sum);
	return 0;
}

#endif
