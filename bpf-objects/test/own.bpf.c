/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Programs as an operator may have them before Loom's, or in its place; knows nothing of Loom. One object, a section each. The
 * first is the user guide's example.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/* How many frames the first program has seen: pinned, so that others can read it, and a new version of the object goes on with it. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 1);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} own_seen SEC(".maps");

static __noinline int own_port(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *data_end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip = (void *)(eth + 1);
	struct udphdr *ports = (void *)(ip + 1); /* TCP's begin alike */

	if ((void *)(ports + 1) > data_end || eth->h_proto != bpf_htons(ETH_P_IP) || ip->ihl != 5)
		return 0;
	return ip->protocol == IPPROTO_TCP || ip->protocol == IPPROTO_UDP ? bpf_ntohs(ports->source) : 0;
}

/* Drops whatever comes from port 40000. */
SEC("xdp/port")
int own_drop_port(struct xdp_md *ctx)
{
	__u32 key = 0;
	__u64 *seen = bpf_map_lookup_elem(&own_seen, &key);

	if (seen)
		__sync_fetch_and_add(seen, 1);
	return own_port(ctx) == 40000 ? XDP_DROP : XDP_PASS;
}

SEC("xdp_pass")
int own_pass(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}

/* A balancer in the place of Loom's: everything goes back. */
SEC("xdp_lb")
int own_tx(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_TX;
}

SEC("xdp_abort")
int own_abort(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_ABORTED;
}

SEC("xdp_strange")
int own_strange(struct xdp_md *ctx)
{
	(void)ctx;
	return 77;
}

/* What no verifier takes. */
SEC("xdp_careless")
int own_careless(struct xdp_md *ctx)
{
	return *(int *)(long)ctx->data;
}

char LICENSE[] SEC("license") = "GPL";
