/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Forwarding method l2: sends the packet to the backend by its MAC address and changes nothing above Ethernet but the TTL.
 * The backend is on the same segment (a router in between would not know what to do with the vip), owns the vip address and
 * answers the client itself. It is found by an address of the packet's family.
 * The TTL goes down by one and must be left, as with IPVS direct routing since Linux 4.10 (decrement_ttl() in ip_vs_xmit.c,
 * for all of its modes): two balancers that take each other for a backend would else pass a packet on for ever.
 */
#include <linux/bpf.h>
#include "../outer.h"

const volatile __u32 loom_abi_slotXX = LOOM_ABI_VERSION;

__hidden int loom_forward_slotXX(struct xdp_md *ctx, struct loom_packet *packet, struct loom_conn *conn,
				 const struct loom_backend *backend)
{
	void *frame = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct loom_inner *ip = frame + loom_packet_l3(packet);
	int verdict = loom_outer_check(packet, backend, 0);

	(void)conn;
	if (backend->family != packet->family)
		return LOOM_DROP_INTERNAL;
	if (verdict != LOOM_CONTINUE)
		return verdict;
	if (frame + ETH_HLEN > end || (void *)(ip + 1) > end)
		return LOOM_DROP_TRUNCATED;
	loom_inner_age(ip, packet->family);
	loom_link_write(frame, backend->mac);
	packet->egress = backend->ifindex;
	return LOOM_FORWARD;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
