/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The sum over a stretch of a frame, for checksums that cannot be updated: of a message that is checked or that is Loom's own.
 * No packet of a connection needs this.
 */
#ifndef LOOM_CORE_STRETCH_H
#define LOOM_CORE_STRETCH_H

#include <bpf/bpf_endian.h>
#include <loom/packet.h>

#define LOOM_STRETCH_WORDS 1024 /* what a card's driver gives to XDP in one piece is not longer than a page; generic mode has no bound */
#define LOOM_STRETCH_BYTES (LOOM_STRETCH_WORDS * 4)

/*
 * Of so many bytes from an offset of the frame that is even, and below 128; an odd byte at its end counts as if a zero
 * followed. The sum of what is there, if the frame is shorter. A global function, so that the verifier walks its loop once and not
 * for every state of its callers.
 */
__noinline __u64 loom_stretch_sum(struct xdp_md *ctx, __u32 offset, __u32 length)
{
	void *end = (void *)(long)ctx->data_end;
	__u32 *word = (void *)(long)ctx->data + (offset & 0x7f);
	__u64 sum = 0;

	for (int i = 0; i < LOOM_STRETCH_WORDS && length >= sizeof(*word); i++, word++, length -= sizeof(*word)) {
		barrier_var(end); /* or clang 19 compares with end + 1, which no verifier allows */
		if ((void *)(word + 1) > end)
			return sum;
		sum += *word;
	}
	if (length & 2) {
		if ((void *)word + 2 > end)
			return sum;
		sum += *(__u16 *)word;
		word = (void *)word + 2;
	}
	if (length & 1 && (void *)word + 1 <= end)
		sum += bpf_htons(*(__u8 *)word << 8);
	return sum;
}

#endif
