/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Forwarding method l2: sends the packet to the backend by its MAC address and changes nothing above Ethernet but the TTL.
 * The backend is on the same segment (a router in between would not know what to do with the vip), owns the vip address and
 * answers the client itself.
 * The TTL goes down by one and must be left, as with IPVS direct routing since Linux 4.10 (decrement_ttl() in ip_vs_xmit.c,
 * for all of its modes): two balancers that take each other for a backend would else pass a packet on for ever.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include "../outer.h"

const volatile __u32 loom_abi_slotXX = LOOM_ABI_VERSION;

__hidden int loom_forward_slotXX(struct xdp_md *ctx, struct loom_packet *packet, struct loom_conn *conn,
				 const struct loom_backend *backend)
{
	int verdict = loom_outer_check(packet, backend, 0);
	void *frame;

	(void)conn;
	if (verdict != LOOM_CONTINUE)
		return verdict;
	verdict = loom_inner_age(ctx, packet);
	if (verdict != LOOM_CONTINUE)
		return verdict;
	frame = (void *)(long)ctx->data;
	if (frame + ETH_HLEN > (void *)(long)ctx->data_end)
		return LOOM_DROP_TRUNCATED;
	loom_link_write(frame, backend->mac);
	packet->egress = backend->ifindex;
	return LOOM_FORWARD;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
