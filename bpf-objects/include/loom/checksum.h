/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Internet checksums (RFC 1071), updated rather than computed (RFC 1624, equation 3): HC' = ~(~HC + ~m + m'). So a checksum
 * that came in wrong stays wrong. Sums are of 16-bit words in the order in which they stand in the packet.
 */
#ifndef LOOM_CHECKSUM_H
#define LOOM_CHECKSUM_H

#include <loom/packet.h>

/* Folds a sum of fewer than 2^16 32-bit words to 16 bits. */
static __always_inline __u16 loom_sum_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* What replacing a 32-bit word, aligned to 16 bits in the packet, adds to the sum. */
static __always_inline __u64 loom_sum_replace(__u32 old, __u32 new)
{
	return (__u64)(__u32)~old + new;
}

static __always_inline __u64 loom_sum_replace_address(const __be32 old[4], const __be32 new[4])
{
	return loom_sum_replace(old[0], new[0]) + loom_sum_replace(old[1], new[1]) + loom_sum_replace(old[2], new[2]) +
	       loom_sum_replace(old[3], new[3]);
}

/* The checksum after a change that adds this much to the sum. */
static __always_inline __u16 loom_checksum_update(__u16 checksum, __u64 change)
{
	return ~loom_sum_fold((__u64)(__u16)~checksum + change);
}

#endif
