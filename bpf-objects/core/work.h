/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The packet that a CPU is at work on: one at a time, because nothing interrupts an XDP program to run another there (NAPI, with
 * bottom halves off). It is in a map rather than on the stack for the verifier's sake: of what is on the stack it follows every
 * value, and walks through all that comes after once for each; of what is in a map it follows none (docs/adr/0020-packet-in-a-map.md).
 */
#ifndef LOOM_CORE_WORK_H
#define LOOM_CORE_WORK_H

#include <loom/packet.h>

struct loom_work {
	struct loom_packet packet;
	__u32 bytes_in; /* of the frame as it came */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct loom_work);
	__uint(max_entries, 1);
} loom_work SEC(".maps");

/* Its packet is empty; NULL only for the verifier. */
static __always_inline struct loom_work *loom_work_begin(struct xdp_md *ctx)
{
	__u32 first = 0;
	struct loom_work *work = bpf_map_lookup_elem(&loom_work, &first);

	work = __builtin_assume_aligned(work, 8); /* as values of maps are: half as many stores */
	if (!work)
		return NULL;
	__builtin_memset(&work->packet, 0, sizeof(work->packet));
	work->bytes_in = loom_frame_length(ctx);
	return work;
}

/* The same as it is by now, for functions that get numbers alone. */
static __always_inline struct loom_packet *loom_work_now(void)
{
	__u32 first = 0;
	struct loom_work *work = bpf_map_lookup_elem(&loom_work, &first);

	return work ? &work->packet : NULL;
}

#endif
