/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A number that the verifier forgets, for what comes after a search: it would else be verified once for every place where the
 * search can have ended, and four ways here times eight there is more than a million instructions. A word in the upper half
 * of a stack slot is not followed (6.18; before 6.8 none that is narrower than a slot). If that changes, programs take longer to
 * load, and nothing else.
 */
#ifndef LOOM_OPAQUE_H
#define LOOM_OPAQUE_H

#include <loom/packet.h>

_Static_assert(__builtin_offsetof(struct loom_packet, opaque) % 8 == 4, "the upper half of a stack slot");

static __always_inline __u32 loom_opaque(const struct loom_packet *packet, __u32 number)
{
	volatile __u32 *slot = (volatile __u32 *)&packet->opaque;

	*slot = number;
	return *slot;
}

#endif
