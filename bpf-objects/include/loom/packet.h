/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A parsed packet: what core learns once and every hook reads. Lives in a map of each CPU (docs/adr/0020-packet-in-a-map.md). Offsets are from ctx->data at the
 * time of parsing; a hook that moves the head must derive its own.
 */
#ifndef LOOM_PACKET_H
#define LOOM_PACKET_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <loom/abi.h>

/* Bits of loom_packet.signals: what a packet does to its connection, in TCP's words and bits (RFC 9293 section 3.1). */
#define LOOM_SIGNAL_FIN 0x01
#define LOOM_SIGNAL_SYN 0x02
#define LOOM_SIGNAL_RST 0x04
#define LOOM_SIGNAL_PSH 0x08
#define LOOM_SIGNAL_ACK 0x10

/* Bits of loom_packet.found beside those of loom_conn_find(), by core/unfinished.h. */
#define LOOM_PACKET_UNFINISHED 0x20     /* its TCP or UDP checksum is the sum of the pseudo-header alone, and stays so */
#define LOOM_PACKET_FINISHED_LATER 0x40 /* so it is, and the kernel makes the checksum from it when the frame leaves: generic mode */
#define LOOM_PACKET_SEGMENTS 0x80       /* it is several segments in one, each of which fitted the interface: generic mode */

/*
 * A later fragment has no transport header: source_port, destination_port and protocol are those of its first one, and
 * nothing is to be read or written at l4.
 */
enum loom_fragment_kind {
	LOOM_FRAGMENT_NONE = 0, /* a whole packet */
	LOOM_FRAGMENT_FIRST = 1,
	LOOM_FRAGMENT_LATER = 2,
};

struct loom_packet {
	__be32 source[4]; /* client, or backend in a reply; IPv4 in word 0, rest zero */
	__be32 destination[4];
	__be16 source_port;
	__be16 destination_port;
	__u8 family;    /* 4 or 6 */
	__u8 protocol;  /* IPPROTO_* */
	__u8 signals;   /* LOOM_SIGNAL_*, by the protocol handler */
	__u8 tos;       /* DSCP and ECN */
	__u16 l3;       /* offset of the IP header: 14 plus VLAN tags */
	__u16 l4;       /* offset of the transport header */
	__u16 length;   /* of the IP packet, header included, host order */
	__u16 listener; /* number, host order; valid once a listener was found */
	__u32 hash;     /* of the flow; valid once a listener was found */
	__u32 now;      /* tick */
	union {
		__u32 egress; /* a hook that returns LOOM_FORWARD or LOOM_REPLY sets the interface to leave on */
		__u32 fits;   /* one that returns LOOM_DROP_TOO_BIG the largest packet that fits; 0: unknown, nobody is told */
	};
	__u8 ttl;       /* or hop limit */
	__u8 found;     /* LOOM_CONN_* bits of loom_conn_find(), and LOOM_PACKET_* bits */
	__u8 state;     /* enum loom_conn_state in which a connection begins with this packet, by the protocol handler */
	__u8 options;   /* enum loom_listener_flags of the listener */
	__u16 related;  /* offset of the IP header that an ICMP error quotes, whose flow the fields above are of; else 0 */
	__u8 fragment;  /* enum loom_fragment_kind */
	__u8 header;    /* of an IPv6 fragment: offset of its fragment header */
	__u32 zero;     /* always: loom/opaque.h */
};

_Static_assert(sizeof(struct loom_packet) == 72, "abi");

/*
 * The offsets as the verifier needs them: a value that was stored in memory has lost its bounds, the mask gives them back.
 * 22 is the highest offset of the IP header (two tags), 190 that of the transport header (IPv6 with 128 bytes of extension headers).
 */
static __always_inline __u32 loom_packet_l3(const struct loom_packet *packet)
{
	return packet->l3 & 0x1f;
}

static __always_inline __u32 loom_packet_l4(const struct loom_packet *packet)
{
	return packet->l4 & 0xff;
}

/* 190 and the eight bytes of an ICMP header. */
static __always_inline __u32 loom_packet_related(const struct loom_packet *packet)
{
	return packet->related & 0xff;
}

static __always_inline int loom_address_equal(const __be32 *a, const __be32 *b)
{
	return a[0] == b[0] && a[1] == b[1] && a[2] == b[2] && a[3] == b[3];
}

/*
 * Copies the address of an IPv6 header to a packet in a map, as two words; by its own alignment clang copies four. x86-64 and arm64 do not mind.
 */
static __always_inline void loom_address_copy(__be32 *to, const void *from)
{
	__builtin_memcpy(__builtin_assume_aligned(to, 8), __builtin_assume_aligned(from, 8), 16);
}

/*
 * Writes the Ethernet addresses, destination and source, as struct loom_backend has them; the caller has checked the bounds.
 * Three words rather than twelve bytes: both sides are aligned well enough for every architecture that Loom runs on.
 */
static __always_inline void loom_link_write(void *frame, const __u8 *mac)
{
	__builtin_memcpy(__builtin_assume_aligned(frame, 4), __builtin_assume_aligned(mac, 4), 12);
}

#endif
