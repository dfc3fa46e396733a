/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the BPF object of a protocol handler implements. Every global that it defines carries the placeholder _slotXX, which
 * the linker step renames to the slot it gets (_slot00 to _slot03), or is prefixed with the protocol's own name.
 */
#ifndef LOOM_PROTOCOL_H
#define LOOM_PROTOCOL_H

#include <loom/packet.h>

/*
 * Reads the transport header at packet->l4 of an IP packet that ends packet->length bytes behind packet->l3. Checks that the
 * header is there and that its lengths hold, and sets source_port, destination_port, signals and state. Returns
 * LOOM_CONTINUE, or the drop or pass that the packet deserves.
 */
__hidden int loom_protocol_slotXX(struct xdp_md *ctx, struct loom_packet *packet);

#endif
