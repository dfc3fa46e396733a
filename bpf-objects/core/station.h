/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Whether a frame is for this station: by its destination MAC, as the kernel decides it (eth_type_trans(), PACKET_OTHERHOST). A
 * segment that floods, or a mirror, brings frames of others, whose vips may be the same. What is ours the control plane writes
 * down for each interface (docs/adr/0025-own-stations.md). Only core asks, once a frame, before it reads anything else.
 */
#ifndef LOOM_CORE_STATION_H
#define LOOM_CORE_STATION_H

#include <linux/if_ether.h>
#include <loom/packet.h>

/* By the interface that the frame came in on; small and without mmap, so that it lies in a huge page of the kernel's own. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct loom_stations);
	__uint(max_entries, LOOM_STATION_ROWS);
} loom_stations SEC(".maps");

static __always_inline const struct loom_stations *loom_stations_of(__u32 ifindex)
{
	__u32 row = ifindex % LOOM_STATION_ROWS;

	return bpf_map_lookup_elem(&loom_stations, &row);
}

/* As struct loom_stations has it; the caller has checked the bounds. Eight bytes at once: two more are there, and shifted out. */
static __always_inline __u64 loom_station_word(const void *frame, __u32 ifindex)
{
	return *(const __u64 *)frame << LOOM_STATION_MAC_AT ^ ifindex / LOOM_STATION_ROWS;
}

/*
 * The same question where the first of the row is another. A frame to a group is for whoever listens, and one of an interface of
 * which nothing is known is taken for ours, because what is missing then is a note. A global function, so that the verifier walks
 * its loop once and not for every state of its caller.
 */
__noinline int loom_station_is_other(struct xdp_md *ctx)
{
	const struct loom_stations *own = loom_stations_of(ctx->ingress_ifindex);
	const void *frame = (void *)(long)ctx->data;
	int known = 0;
	__u64 station;

	if (!own || frame + ETH_HLEN > (void *)(long)ctx->data_end || *(const __u8 *)frame & 1)
		return 0;
	station = loom_station_word(frame, ctx->ingress_ifindex);
	for (__u32 i = 0; i < LOOM_STATIONS; i++) {
		__u64 one = *(const volatile __u64 *)&own->station[i];

		if (!one)
			break;
		if (one == station)
			return 0;
		known |= !(__u16)(one ^ station);
	}
	return known;
}

/* Whether the frame, whose Ethernet header is there, is another station's. */
static __always_inline int loom_frame_is_foreign(struct xdp_md *ctx, const void *frame)
{
	__u32 ifindex = ctx->ingress_ifindex;
	__u64 station = loom_station_word(frame, ifindex);
	const struct loom_stations *own = loom_stations_of(ifindex);

	if (own && own->station[0] == station)
		return 0;
	return loom_station_is_other(ctx);
}

#endif
