/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A number that the verifier knows nothing of, for what comes after a search: it would else be verified once for every place
 * where the search can have ended. A packet lives in a map, and of what is in a map the verifier knows nothing: not even that
 * a field is always zero.
 */
#ifndef LOOM_OPAQUE_H
#define LOOM_OPAQUE_H

#include <loom/packet.h>

static __always_inline __u32 loom_opaque(const struct loom_packet *packet, __u32 number)
{
	return number + *(const volatile __u32 *)&packet->zero;
}

#endif
