/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Where a client is now. A pair learns its link from the client's own frames, and of a busy connection writes it down seldom.
 * When a router's standby takes over, or an interface comes anew, a client that only receives may not send at all until it is
 * answered: for some time after such a change replies ask the kernel's routing table. Only nat.bpf.c uses this.
 */
#ifndef LOOM_NAT_MOVED_H
#define LOOM_NAT_MOVED_H

#include "reply.h"

/* Longer than an established connection can go without writing down where its client is: 30 ticks. */
#define NAT_DOUBT_TICKS 64
#define NAT_LOOPBACK_IFINDEX 1 /* in every network namespace: where Loom turns forwarding on, for such questions */
#define NAT_AF_INET 2
#define NAT_AF_INET6 10

/* The ticks of the latest changes; the control plane writes them to every map whose name ends like this one's. */
struct nat_change {
	__u32 neighbour; /* one got another MAC address */
	__u32 device;    /* an interface came, went, or got another MAC address: the number of the old one may be dead */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct nat_change);
	__uint(max_entries, 1);
} nat_moved SEC(".maps");

/* Whether the change was a short time ago, and nothing was written about the connection since. */
static __always_inline int nat_change_concerns(__u32 change, __u64 word, __u32 now)
{
	__u32 since = now - change;

	return since < NAT_DOUBT_TICKS && loom_word_idle(word, now) >= (__s32)since;
}

/*
 * The kernel's answer, BPF_FIB_LKUP_RET_*. NOT_FWDED also if it leads to another interface although the client's own is still
 * there: a client that came another way than the route's is left there.
 */
static __always_inline int nat_route_ask(struct xdp_md *ctx, const struct nat_reply *reply, __u32 family, int anywhere,
					 struct bpf_fib_lookup *route)
{
	int result;

	route->family = family == 4 ? NAT_AF_INET : NAT_AF_INET6;
	route->ifindex = NAT_LOOPBACK_IFINDEX;
	__builtin_memcpy(route->ipv6_src, reply->vip, sizeof(reply->vip));
	__builtin_memcpy(route->ipv6_dst, reply->client, sizeof(reply->client));
	result = bpf_fib_lookup(ctx, route, sizeof(*route), 0);
	return anywhere || route->ifindex == reply->ifindex ? result : BPF_FIB_LKUP_RET_NOT_FWDED;
}

/* Puts the client's present link into the reply and, so that the next ones need not ask, into its pair. */
static __noinline int nat_link_renew(struct xdp_md *ctx, const struct loom_packet *packet, struct nat_pair *pair,
				     struct nat_reply *reply)
{
	const struct nat_change *change = bpf_map_lookup_elem(&nat_moved, (const void *)&nat_only);
	struct bpf_fib_lookup route = {};
	int device, result;

	if (!change)
		return -1;
	device = nat_change_concerns(change->device, reply->word, packet->now);
	if (!device && !nat_change_concerns(change->neighbour, reply->word, packet->now))
		return -1;
	result = nat_route_ask(ctx, reply, packet->family, device, &route);
	if (result == BPF_FIB_LKUP_RET_SUCCESS) {
		__builtin_memcpy(reply->mac, route.dmac, ETH_ALEN);
		__builtin_memcpy((__u8 *)reply->mac + ETH_ALEN, route.smac, ETH_ALEN);
	} else if (!device || result != BPF_FIB_LKUP_RET_NO_NEIGH || route.ifindex == NAT_LOOPBACK_IFINDEX) {
		return -1;
	}
	/* Where the kernel has no neighbour, it still names the interface (from Linux 5.11 on). */
	reply->ifindex = route.ifindex;
	bpf_spin_lock(&pair->lock);
	if (pair->word == reply->word) {
		__builtin_memcpy(pair->mac, reply->mac, sizeof(pair->mac));
		pair->ifindex = route.ifindex;
	}
	bpf_spin_unlock(&pair->lock);
	return 0;
}

/* Whether anything has changed a short time ago. */
static __always_inline int nat_links_are_doubtful(__u32 now)
{
	const struct nat_change *change = bpf_map_lookup_elem(&nat_moved, (const void *)&nat_only);

	return change && (now - change->neighbour < NAT_DOUBT_TICKS || now - change->device < NAT_DOUBT_TICKS);
}

#endif
