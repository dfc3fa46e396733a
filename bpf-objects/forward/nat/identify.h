/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What tells fragments of one packet from those of others is unique for their source only (RFC 6864, RFC 8200 section 4.5): where
 * nat puts another source, it moves the identification by an amount that follows from the ports that the packet leaves with. So
 * all fragments of a packet agree, one connection's packets stay apart, and so do those of connections that differ in one port:
 * docs/adr/0024-identifications.md. Only nat.bpf.c uses this.
 */
#ifndef LOOM_NAT_IDENTIFY_H
#define LOOM_NAT_IDENTIFY_H

#include <linux/ip.h>
#include <bpf/bpf_endian.h>
#include <loom/checksum.h>

#define NAT_DONT_FRAGMENT 0x4000

/* RFC 8200 section 4.5. */
struct nat_fragment_header {
	__u8 next;
	__u8 reserved;
	__be16 offset; /* in bytes; the last bit says that more follow */
	__be32 identification;
};

#define NAT_FRAGMENT_FIELD 0xfff9

/* The factors are odd: connections that have one of the ports in common are moved by different amounts, in IPv6 all are. */
static __always_inline __u16 nat_shift4(__be16 source_port, __be16 destination_port)
{
	return bpf_ntohs(source_port) * 0x9e37U + bpf_ntohs(destination_port) * 0x85ebU;
}

static __always_inline __u32 nat_shift6(__be16 source_port, __be16 destination_port)
{
	return ((__u32)bpf_ntohs(source_port) << 16 | bpf_ntohs(destination_port)) * 0x9e3779b1U;
}

/*
 * Whether the identification means anything: one that nobody may fragment, and nobody has, has none (RFC 6864 section 4). It looks
 * at what routers leave as it is, so that all who see the packet agree.
 */
static __always_inline int nat_ipv4_is_identified(const struct iphdr *ip)
{
	return ip->frag_off != bpf_htons(NAT_DONT_FRAGMENT);
}

/* Returns what that adds to the sum over the header. */
static __always_inline __u64 nat_ipv4_identify(struct iphdr *ip, __u16 shift)
{
	__be16 before = ip->id;

	ip->id = bpf_htons(bpf_ntohs(before) + shift);
	return loom_sum_replace(before, ip->id);
}

static __always_inline __u64 nat_ipv6_identify(struct nat_fragment_header *header, __u32 shift)
{
	__be32 before = header->identification;

	header->identification = bpf_htonl(bpf_ntohl(before) + shift);
	return loom_sum_replace(before, header->identification);
}

#endif
