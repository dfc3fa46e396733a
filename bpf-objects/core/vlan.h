/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A packet leaves with the tags that it came with. Where the way to its backend is a VLAN device they must be that VLAN's, or it
 * would get lost in another one (docs/adr/0022-devices-on-devices.md).
 */
#ifndef LOOM_CORE_VLAN_H
#define LOOM_CORE_VLAN_H

#include "parse.h"

#define LOOM_VLAN_MASK 0xfff /* of a tag's control word; above it are priority and drop eligibility (IEEE 802.1Q) */

/* Whether the frame's tags are others than these, outer first; 0: none. A frame has as many tags as l3 says. */
static __noinline int loom_vlan_differs(struct xdp_md *ctx, const struct loom_packet *packet, __u32 outer, __u32 inner)
{
	const struct loom_tag *tag = (void *)(long)ctx->data + ETH_HLEN;
	__u32 tags = packet->l3 - ETH_HLEN;

	if (tags != sizeof(*tag) * (inner ? 2 : 1) || (void *)(tag + 2) > (void *)(long)ctx->data_end)
		return 1;
	if ((bpf_ntohs(tag[0].control) & LOOM_VLAN_MASK) != outer)
		return 1;
	return inner && (bpf_ntohs(tag[1].control) & LOOM_VLAN_MASK) != inner;
}

#endif
