/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The translation itself, the same in both directions: Ethernet and IP addresses, ports, one hop of the TTL, and what all
 * this does to the checksums. Only nat.bpf.c uses this.
 */
#ifndef LOOM_NAT_REWRITE_H
#define LOOM_NAT_REWRITE_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <loom/checksum.h>
#include <loom/forward.h>
#include "identify.h"

/* What the packet shall carry when it leaves; addresses as in struct loom_packet. */
struct nat_names {
	const __be32 *source;
	const __be32 *destination;
	const __u8 *mac; /* Ethernet destination, source; aligned to 4 */
	__be16 source_port;
	__be16 destination_port;
	__u32 sources; /* enum nat_sources_changed */
};

/* Whose packets have another source on the other side. */
enum nat_sources_changed {
	NAT_SENDER_CHANGES = 1, /* this packet's way */
	NAT_PEER_CHANGES = 2,   /* what goes the other way, and is quoted by errors that go this one */
};

/* A time to live that is one less: its byte is the high one of a 16-bit word. */
static __always_inline __u64 nat_hop_change(void)
{
	return loom_sum_replace(bpf_htons(0x0100), 0);
}

/*
 * Each writes its header, and returns what the new addresses add to the sum over the pseudo-header. `others` is what else has been
 * changed of the header.
 */
static __always_inline __u64 nat_ipv4_write(struct iphdr *ip, const __be32 *source, const __be32 *destination, __u64 others)
{
	__u64 change = loom_sum_replace(ip->saddr, source[0]) + loom_sum_replace(ip->daddr, destination[0]);

	ip->saddr = source[0];
	ip->daddr = destination[0];
	ip->ttl--;
	ip->check = loom_checksum_update(ip->check, change + others + nat_hop_change());
	return change;
}

/* The identification of a packet that leaves with another source; returns what that adds to the sum over the header. */
static __always_inline __u64 nat_ipv4_rename(struct iphdr *ip, const struct nat_names *names)
{
	if (!(names->sources & NAT_SENDER_CHANGES) || !nat_ipv4_is_identified(ip))
		return 0;
	return nat_ipv4_identify(ip, nat_shift4(names->source_port, names->destination_port));
}

/* The same for IPv6, where only fragments have one. It is not part of any sum. */
static __noinline int nat_ipv6_rename(struct xdp_md *ctx, const struct loom_packet *packet, const struct nat_names *names)
{
	struct nat_fragment_header *header = (void *)(long)ctx->data + packet->header;

	if (!(names->sources & NAT_SENDER_CHANGES))
		return 0;
	if ((void *)(header + 1) > (void *)(long)ctx->data_end)
		return -1;
	nat_ipv6_identify(header, nat_shift6(names->source_port, names->destination_port));
	return 0;
}

static __always_inline __u64 nat_ipv6_write(struct ipv6hdr *ip, const __be32 *source, const __be32 *destination)
{
	__u64 change = loom_sum_replace_address(ip->saddr.in6_u.u6_addr32, source) +
		       loom_sum_replace_address(ip->daddr.in6_u.u6_addr32, destination);

	__builtin_memcpy(&ip->saddr, source, sizeof(ip->saddr));
	__builtin_memcpy(&ip->daddr, destination, sizeof(ip->daddr));
	return change;
}

/* TCP and UDP begin alike. */
struct nat_ports {
	__be16 source;
	__be16 destination;
};

/* Where the checksum stands in the transport header. */
static __always_inline __u32 nat_checksum_offset(__u8 protocol)
{
	return protocol == IPPROTO_UDP ? __builtin_offsetof(struct udphdr, check)
				       : __builtin_offsetof(struct tcphdr, check);
}

/* In UDP zero says "none", and stays; a sum that comes to zero is written as its other form (RFC 768). */
static __always_inline __u16 nat_checksum_update(__u16 checksum, __u64 change, __u8 protocol)
{
	__u16 updated = loom_checksum_update(checksum, change);

	if (protocol != IPPROTO_UDP)
		return updated;
	if (!checksum)
		return 0;
	return updated ? updated : 0xffff;
}

static __always_inline __u64 nat_ports_write(struct nat_ports *ports, __be16 source, __be16 destination)
{
	__u64 change = loom_sum_replace(ports->source, source) + loom_sum_replace(ports->destination, destination);

	ports->source = source;
	ports->destination = destination;
	return change;
}

/*
 * A later fragment has no ports, and the checksum that covers it is in its first one, which was changed for the whole packet.
 * Returns as nat_rewrite() does.
 */
static __noinline int nat_fragment_write(struct xdp_md *ctx, const struct loom_packet *packet, const struct nat_names *names)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ipv6hdr *ip6 = data + loom_packet_l3(packet);
	struct iphdr *ip = (void *)ip6;

	if (data + ETH_HLEN > end || (void *)(ip + 1) > end)
		return -1;
	if (packet->family == 4) {
		nat_ipv4_write(ip, names->source, names->destination, nat_ipv4_rename(ip, names));
	} else {
		if ((void *)(ip6 + 1) > end)
			return -1;
		nat_ipv6_write(ip6, names->source, names->destination);
		ip6->hop_limit--;
	}
	loom_link_write(data, names->mac);
	return 0;
}

/* Returns 0, or -1 if the frame is not what core has parsed. */
static __always_inline int nat_rewrite(struct xdp_md *ctx, const struct loom_packet *packet,
				       const struct nat_names *names)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct nat_ports *ports = data + loom_packet_l4(packet);
	__u16 *checksum = (void *)ports + nat_checksum_offset(packet->protocol);
	struct ipv6hdr *ip6 = data + loom_packet_l3(packet);
	struct iphdr *ip = (void *)ip6;
	__u64 change, ports_change;

	if (data + ETH_HLEN > end || (void *)(ports + 1) > end || (void *)(checksum + 1) > end || (void *)(ip + 1) > end)
		return -1;
	if (packet->family == 4) {
		change = nat_ipv4_write(ip, names->source, names->destination, nat_ipv4_rename(ip, names));
	} else {
		if ((void *)(ip6 + 1) > end)
			return -1;
		change = nat_ipv6_write(ip6, names->source, names->destination);
		ip6->hop_limit--;
	}
	ports_change = nat_ports_write(ports, names->source_port, names->destination_port);
	if (loom_generic && packet->found & LOOM_PACKET_FINISHED_LATER)
		*checksum = loom_sum_fold(*checksum + change); /* of the pseudo-header, and no complement */
	else
		*checksum = nat_checksum_update(*checksum, change + ports_change, packet->protocol);
	loom_link_write(data, names->mac);
	return 0;
}

#endif
