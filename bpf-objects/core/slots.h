/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The slots of forwarding methods: a default for every hook that a method may define, and the calls. The linker puts a
 * method's strong definition in the place of the weak default. Core knows slots, never methods.
 */
#ifndef LOOM_CORE_SLOTS_H
#define LOOM_CORE_SLOTS_H

#include <loom/forward.h>
#include "work.h"

/* Bit masks of the slots whose method has that hook; set before load, so that the verifier removes the other calls. */
const volatile __u32 loom_open_slots = (1 << LOOM_SLOTS) - 1;
const volatile __u32 loom_reply_slots = (1 << LOOM_SLOTS) - 1;

#define LOOM_SLOT(slot)                                                                                         \
	__weak __hidden int loom_forward_slot##slot(struct xdp_md *ctx, struct loom_packet *packet,             \
						    struct loom_conn *conn, const struct loom_backend *backend) \
	{                                                                                                       \
		(void)ctx, (void)packet, (void)conn, (void)backend;                                             \
		return LOOM_DROP_NO_METHOD;                                                                     \
	}                                                                                                       \
	__weak __hidden int loom_open_slot##slot(struct xdp_md *ctx, struct loom_packet *packet,                \
						 struct loom_conn *conn, const struct loom_backend *backend)    \
	{                                                                                                       \
		(void)ctx, (void)packet, (void)conn, (void)backend;                                             \
		return LOOM_CONTINUE;                                                                           \
	}                                                                                                       \
	__weak __hidden int loom_reply_slot##slot(struct xdp_md *ctx, struct loom_packet *packet)               \
	{                                                                                                       \
		(void)ctx, (void)packet;                                                                        \
		return LOOM_CONTINUE;                                                                           \
	}                                                                                                       \
	__weak __hidden int loom_expects_slot##slot(const struct loom_packet *packet)                           \
	{                                                                                                       \
		(void)packet;                                                                                   \
		return 0;                                                                                       \
	}

LOOM_SLOT(00)
LOOM_SLOT(01)
LOOM_SLOT(02)
LOOM_SLOT(03)
LOOM_SLOT(04)
LOOM_SLOT(05)
LOOM_SLOT(06)
LOOM_SLOT(07)

/* A method numbers its reasons from LOOM_METHOD_BASE; here they become those of its slot. */
static __always_inline int loom_slot_verdict(__u32 slot, int verdict)
{
	return verdict < LOOM_METHOD_BASE ? verdict : (int)(verdict + slot * LOOM_METHOD_RANGE);
}

static __always_inline int loom_slot_forward(struct xdp_md *ctx, struct loom_packet *packet, struct loom_conn *conn,
					     const struct loom_backend *backend)
{
	switch (backend->slot) {
	case 0:
		return loom_forward_slot00(ctx, packet, conn, backend);
	case 1:
		return loom_forward_slot01(ctx, packet, conn, backend);
	case 2:
		return loom_forward_slot02(ctx, packet, conn, backend);
	case 3:
		return loom_forward_slot03(ctx, packet, conn, backend);
	case 4:
		return loom_forward_slot04(ctx, packet, conn, backend);
	case 5:
		return loom_forward_slot05(ctx, packet, conn, backend);
	case 6:
		return loom_forward_slot06(ctx, packet, conn, backend);
	case 7:
		return loom_forward_slot07(ctx, packet, conn, backend);
	}
	return LOOM_DROP_NO_METHOD;
}

static __always_inline int loom_slot_open(struct xdp_md *ctx, struct loom_packet *packet, struct loom_conn *conn,
					  const struct loom_backend *backend)
{
	__u32 slot = backend->slot;

	if (slot == 0 && loom_open_slots & 1 << 0)
		return loom_open_slot00(ctx, packet, conn, backend);
	if (slot == 1 && loom_open_slots & 1 << 1)
		return loom_open_slot01(ctx, packet, conn, backend);
	if (slot == 2 && loom_open_slots & 1 << 2)
		return loom_open_slot02(ctx, packet, conn, backend);
	if (slot == 3 && loom_open_slots & 1 << 3)
		return loom_open_slot03(ctx, packet, conn, backend);
	if (slot == 4 && loom_open_slots & 1 << 4)
		return loom_open_slot04(ctx, packet, conn, backend);
	if (slot == 5 && loom_open_slots & 1 << 5)
		return loom_open_slot05(ctx, packet, conn, backend);
	if (slot == 6 && loom_open_slots & 1 << 6)
		return loom_open_slot06(ctx, packet, conn, backend);
	if (slot == 7 && loom_open_slots & 1 << 7)
		return loom_open_slot07(ctx, packet, conn, backend);
	return LOOM_CONTINUE;
}

static __always_inline int loom_slot_reply(struct xdp_md *ctx, struct loom_packet *packet, __u32 slot)
{
	switch (slot) {
	case 0:
		return loom_reply_slot00(ctx, packet);
	case 1:
		return loom_reply_slot01(ctx, packet);
	case 2:
		return loom_reply_slot02(ctx, packet);
	case 3:
		return loom_reply_slot03(ctx, packet);
	case 4:
		return loom_reply_slot04(ctx, packet);
	case 5:
		return loom_reply_slot05(ctx, packet);
	case 6:
		return loom_reply_slot06(ctx, packet);
	case 7:
		return loom_reply_slot07(ctx, packet);
	}
	return LOOM_CONTINUE;
}

static __always_inline int loom_slot_expects(const struct loom_packet *packet, __u32 slot)
{
	switch (slot) {
	case 0:
		return loom_expects_slot00(packet);
	case 1:
		return loom_expects_slot01(packet);
	case 2:
		return loom_expects_slot02(packet);
	case 3:
		return loom_expects_slot03(packet);
	case 4:
		return loom_expects_slot04(packet);
	case 5:
		return loom_expects_slot05(packet);
	case 6:
		return loom_expects_slot06(packet);
	case 7:
		return loom_expects_slot07(packet);
	}
	return 0;
}

/*
 * Whether the mask has the slot, which is its highest if so; removes it. The mask is read once, and a slot found by one comparison: of what is
 * known before load the verifier removes branches, but neither loads nor masking.
 */
static __always_inline int loom_slot_take(__u32 *slots, __u32 slot)
{
	if (*slots < 1U << slot)
		return 0;
	*slots -= 1U << slot;
	return 1;
}

/* Asks every method that has a reply hook, from the last slot to the first, until one knows the packet. */
static __always_inline int loom_slots_reply(struct xdp_md *ctx, struct loom_packet *packet)
{
	__u32 slots = loom_reply_slots;

#pragma unroll
	for (__u32 i = 1; i <= LOOM_SLOTS; i++) {
		__u32 slot = LOOM_SLOTS - i;
		int verdict;

		if (!loom_slot_take(&slots, slot))
			continue;
		verdict = loom_slot_reply(ctx, packet, slot);
		if (verdict != LOOM_CONTINUE)
			return loom_slot_verdict(slot, verdict);
	}
	return LOOM_PASS_NO_LISTENER;
}

/*
 * Whether the packet at work, which is to a listener, is a reply to a connection that was there before the listener was. What is made of it then
 * says that it has none. A global function without arguments: the verifier walks it once.
 */
__noinline int loom_slots_expect(void)
{
	struct loom_packet *packet = loom_work_now();
	__u32 slots = loom_reply_slots;

	if (!packet)
		return 0;
#pragma unroll
	for (__u32 i = 1; i <= LOOM_SLOTS; i++) {
		__u32 slot = LOOM_SLOTS - i;

		if (!loom_slot_take(&slots, slot) || !loom_slot_expects(packet, slot))
			continue;
		packet->hash = 0;
		packet->options = 0;
		return 1;
	}
	return 0;
}

/*
 * Asked where a packet would begin a connection, or goes on without one. A SYN is no reply, so that whole connections do not pay for
 * the question.
 */
static __always_inline int loom_packet_is_reply(const struct loom_packet *packet)
{
	return loom_reply_slots && !loom_signals_open(packet->signals) && loom_slots_expect();
}

#endif
