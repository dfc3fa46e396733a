/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Whether a packet for a vip may be what it says it is: an IPv4 header that sums up, a route that ends here, a source address
 * that a host can have, a frame to this station. Only core asks, of packets to listeners: others are the kernel's business.
 */
#ifndef LOOM_CORE_LEGITIMATE_H
#define LOOM_CORE_LEGITIMATE_H

#include <linux/if_ether.h>
#include <linux/ip.h>
#include <loom/checksum.h>
#include <loom/packet.h>

/* Types of IPv4 options (RFC 791 section 3.1). */
enum loom_option {
	LOOM_OPTION_END = 0,
	LOOM_OPTION_NOTHING = 1,
	LOOM_OPTION_LOOSE_ROUTE = 131,
	LOOM_OPTION_STRICT_ROUTE = 137,
};

#define LOOM_OPTIONS_BYTES 40

/*
 * 0.0.0.0/8, loopback, multicast and all above it, broadcast included (RFC 1122 section 3.2.1.3, RFC 6890); and the vip itself
 * ("land": the backend would answer the vip, that is, itself or Loom).
 */
static __always_inline int loom_source4_is_martian(const struct loom_packet *packet)
{
	__u8 first = *(const __u8 *)packet->source;

	return (__u8)(first - 1) >= 223 || first == 127 || packet->source[0] == packet->destination[0];
}

/*
 * Multicast (RFC 4291 section 2.7), the vip itself, and ::/64, where there are only the unspecified address, loopback and IPv4
 * addresses in disguise (RFC 4291 section 2.5).
 */
static __always_inline int loom_source6_is_martian(const struct loom_packet *packet)
{
	const __be32 *source = packet->source, *vip = packet->destination;

	if (*(const __u8 *)source == 0xff || !(source[0] | source[1]))
		return 1;
	return !((source[0] ^ vip[0]) | (source[1] ^ vip[1]) | (source[2] ^ vip[2]) | (source[3] ^ vip[3]));
}

/*
 * Whether the IPv4 options between two offsets of the frame hold a source route that goes on from here. A global function: the
 * verifier walks its loop once, and its arguments are numbers, as Linux 5.10 wants it.
 */
__noinline int loom_options_route_on(struct xdp_md *ctx, __u32 at, __u32 until)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	for (int i = 0; i < LOOM_OPTIONS_BYTES && at + 3 <= until; i++) {
		__u8 *option = data + (at & 0x7f);

		if ((void *)(option + 3) > end || option[0] == LOOM_OPTION_END)
			return 0;
		if (option[0] == LOOM_OPTION_NOTHING) {
			at++;
			continue;
		}
		if (option[0] == LOOM_OPTION_LOOSE_ROUTE || option[0] == LOOM_OPTION_STRICT_ROUTE)
			return option[2] <= option[1]; /* the pointer is not behind the last address yet */
		if (option[1] < 2)
			return 0;
		at += option[1];
	}
	return 0;
}

/* The sum of an IPv4 header without its options. */
static __always_inline __u64 loom_header_sum(const __u32 *word)
{
	return (__u64)word[0] + word[1] + word[2] + word[3] + word[4];
}

/*
 * The sum of a header's options, seldom needed: 32-bit words from an offset of the frame. A global function, so that the verifier
 * walks its loop once and not for every state of its caller.
 */
__noinline __u64 loom_options_sum(struct xdp_md *ctx, __u32 offset, __u32 words)
{
	void *end = (void *)(long)ctx->data_end;
	__u32 *word = (void *)(long)ctx->data + (offset & 0x3f);
	__u64 sum = 0;

	for (int i = 0; i < 10 && words; i++, word++, words--) {
		barrier_var(end); /* or clang 19 compares with end + 1, which no verifier allows */
		if ((void *)(word + 1) > end)
			return 0;
		sum += *word;
	}
	return sum;
}

/* The same of a header with options: seldom, and what it needs of registers and stack shall not burden the others. */
static __noinline int loom_options_judge(struct xdp_md *ctx, const struct loom_packet *packet)
{
	void *end = (void *)(long)ctx->data_end;
	__u32 l3 = loom_packet_l3(packet), l4 = loom_packet_l4(packet), options_at = l3 + sizeof(struct iphdr);
	__u32 *word = (void *)(long)ctx->data + l3;
	__u64 sum;

	if ((void *)(word + 5) > end)
		return LOOM_DROP_TRUNCATED;
	sum = loom_header_sum(word) + loom_options_sum(ctx, options_at, (l4 - options_at) / 4);
	if (loom_sum_fold(sum) != 0xffff)
		return LOOM_DROP_BAD_CHECKSUM;
	return loom_options_route_on(ctx, options_at, l4) ? LOOM_PASS_SOURCE_ROUTED : LOOM_CONTINUE;
}

/* Of any packet to a vip: LOOM_CONTINUE, or what its IPv4 header makes of it; IPv6 has nothing to be wrong there. */
static __always_inline int loom_header_judge(struct xdp_md *ctx, const struct loom_packet *packet)
{
	void *end = (void *)(long)ctx->data_end;
	__u32 l3 = loom_packet_l3(packet);
	__u32 *word = (void *)(long)ctx->data + l3;

	if (packet->family != 4)
		return LOOM_CONTINUE;
	if (loom_packet_l4(packet) != l3 + sizeof(struct iphdr))
		return loom_options_judge(ctx, packet);
	if ((void *)(word + 5) > end)
		return LOOM_DROP_TRUNCATED;
	return loom_sum_fold(loom_header_sum(word)) == 0xffff ? LOOM_CONTINUE : LOOM_DROP_BAD_CHECKSUM;
}

/*
 * LOOM_CONTINUE, or why no connection can begin with the packet: asked of those alone, and where the table decides without
 * one, because what cannot begin a connection is never found to be of one.
 */
static __always_inline int loom_packet_legitimate(struct xdp_md *ctx, const struct loom_packet *packet)
{
	const __u8 *frame = (void *)(long)ctx->data;

	if ((void *)(frame + ETH_HLEN) > (void *)(long)ctx->data_end)
		return LOOM_DROP_TRUNCATED;
	if (frame[0] & 1)
		return LOOM_DROP_LINK_BROADCAST;
	if (packet->family == 4 ? loom_source4_is_martian(packet) : loom_source6_is_martian(packet))
		return LOOM_DROP_MARTIAN;
	return LOOM_CONTINUE;
}

#endif
