/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The slots of protocol handlers: a default for each, and the call of the one that has the packet's IP protocol. Like the
 * slots of forwarding methods in slots.h.
 */
#ifndef LOOM_CORE_PROTOCOLS_H
#define LOOM_CORE_PROTOCOLS_H

#include <loom/protocol.h>

/* The IP protocol of each slot, 0: none. Set before load, so that the verifier removes the calls of empty slots. */
const volatile __u8 loom_protocols[LOOM_PROTOCOL_SLOTS];

#define LOOM_PROTOCOL_SLOT(slot)                                                                   \
	__weak __hidden int loom_protocol_slot##slot(struct xdp_md *ctx, struct loom_packet *packet) \
	{                                                                                          \
		(void)ctx, (void)packet;                                                           \
		return LOOM_PASS_OTHER_PROTOCOL;                                                   \
	}

LOOM_PROTOCOL_SLOT(00)
LOOM_PROTOCOL_SLOT(01)
LOOM_PROTOCOL_SLOT(02)
LOOM_PROTOCOL_SLOT(03)

/* Reads the number once: the verifier removes branches, but no loads. */
static __always_inline int loom_protocol_is(__u32 slot, const struct loom_packet *packet)
{
	__u8 number = loom_protocols[slot];

	return number && packet->protocol == number;
}

static __always_inline int loom_protocol_parse(struct xdp_md *ctx, struct loom_packet *packet)
{
	if (loom_protocol_is(0, packet))
		return loom_protocol_slot00(ctx, packet);
	if (loom_protocol_is(1, packet))
		return loom_protocol_slot01(ctx, packet);
	if (loom_protocol_is(2, packet))
		return loom_protocol_slot02(ctx, packet);
	if (loom_protocol_is(3, packet))
		return loom_protocol_slot03(ctx, packet);
	return LOOM_PASS_OTHER_PROTOCOL;
}

#endif
