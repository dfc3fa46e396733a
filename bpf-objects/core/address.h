/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Whether an address is a vip's, whatever port or protocol a packet is of. Each has a listener of its own in the same table as
 * the services', with port 0 and the ICMP of its family. Only core asks this, and only about packets that no service takes.
 */
#ifndef LOOM_CORE_ADDRESS_H
#define LOOM_CORE_ADDRESS_H

#include <linux/in.h>
#include "listener.h"

/* Whether the packet's destination is the address of a vip. */
static __noinline int loom_address_is_vip(struct loom_packet *packet)
{
	__u8 protocol = packet->protocol;
	__be16 port = packet->destination_port;
	const struct loom_listener *listener;

	packet->protocol = packet->family == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	packet->destination_port = 0;
	listener = loom_listener_find(packet);
	packet->protocol = protocol;
	packet->destination_port = port;
	return listener && listener->flags & LOOM_LISTENER_ADDRESS;
}

#endif
