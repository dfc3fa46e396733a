/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Something to measure Loom beside where Katran is not at hand: a program with the maps, in name and shape, by which the bench
 * configures Katran's, that forwards by IPIP and remembers connections. It shows that the bench's plumbing works, and nothing of
 * Katran. Only itests/bench uses it, in its tests.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define SHAPE_VIPS 512
#define SHAPE_RING 65537
#define SHAPE_SYN 0x02

struct shape_vip {
	__be32 address[4];
	__be16 port;
	__u8 protocol;
	__u8 pad;
};

struct shape_meta {
	__u32 flags;
	__u32 number;
};

struct shape_flow {
	__be32 source[4];
	__be32 destination[4];
	__be16 port[2];
	__u8 protocol;
	__u8 pad[3];
};

struct shape_place {
	__u32 real;
	__u32 pad;
	__u64 seen;
};

struct shape_real {
	__be32 address[4];
	__u8 flags;
	__u8 pad[3];
};

struct shape_count {
	__u64 first;
	__u64 second;
};

#define SHAPE_MAP(name, kind, key_type, value_type, size)                                                                                 \
	struct {                                                                                                                          \
		__uint(type, kind);                                                                                                       \
		__type(key, key_type);                                                                                                    \
		__type(value, value_type);                                                                                                \
		__uint(max_entries, size);                                                                                                \
	} name SEC(".maps")

SHAPE_MAP(vip_map, BPF_MAP_TYPE_HASH, struct shape_vip, struct shape_meta, SHAPE_VIPS);
SHAPE_MAP(ch_rings, BPF_MAP_TYPE_ARRAY, __u32, __u32, SHAPE_RING);
SHAPE_MAP(reals, BPF_MAP_TYPE_ARRAY, __u32, struct shape_real, 4096);
SHAPE_MAP(stats, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, struct shape_count, 2 * SHAPE_VIPS);
SHAPE_MAP(ctl_array, BPF_MAP_TYPE_ARRAY, __u32, __u64, 16);

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 128);
	__array(values, struct {
		__uint(type, BPF_MAP_TYPE_LRU_HASH);
		__uint(key_size, sizeof(struct shape_flow));
		__uint(value_size, sizeof(struct shape_place));
		__uint(max_entries, 1000);
	});
} lru_mapping SEC(".maps");

/* What a packet says; returns its TCP flags, or -1 if it is none that a vip could want. */
static __always_inline int shape_parse(struct xdp_md *ctx, struct shape_flow *flow)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethhdr *ethernet = data;
	struct iphdr *v4 = (void *)(ethernet + 1);
	struct ipv6hdr *v6 = (void *)(ethernet + 1);
	__u8 *transport;

	if ((void *)(v6 + 1) + 16 > end)
		return -1;
	if (ethernet->h_proto == bpf_htons(ETH_P_IP)) {
		flow->source[0] = v4->saddr;
		flow->destination[0] = v4->daddr;
		flow->protocol = v4->protocol;
		transport = (void *)(v4 + 1);
	} else {
		__builtin_memcpy(flow->source, &v6->saddr, sizeof(flow->source));
		__builtin_memcpy(flow->destination, &v6->daddr, sizeof(flow->destination));
		flow->protocol = v6->nexthdr;
		transport = (void *)(v6 + 1);
	}
	flow->port[0] = *(__be16 *)transport;
	flow->port[1] = *(__be16 *)(transport + 2);
	return flow->protocol == IPPROTO_TCP ? transport[13] : 0;
}

static __always_inline void shape_count(__u32 index, __u64 first, __u64 second)
{
	struct shape_count *count = bpf_map_lookup_elem(&stats, &index);

	if (count) {
		count->first += first;
		count->second += second;
	}
}

/* The server of the flow, which is remembered; 0 if there is none. */
static __always_inline __u32 shape_choose(const struct shape_flow *flow, __u32 vip, int signals)
{
	__u32 cpu = bpf_get_smp_processor_id(), *ring, index;
	void *connections = bpf_map_lookup_elem(&lru_mapping, &cpu);
	struct shape_place *known = NULL, place = {};

	if (!connections)
		return 0;
	if (!(signals & SHAPE_SYN))
		known = bpf_map_lookup_elem(connections, flow);
	shape_count(SHAPE_VIPS, 1, !known);
	if (known)
		return known->real;
	index = vip * SHAPE_RING + ((flow->source[0] ^ flow->source[3]) * 2654435761U + flow->port[0] * 40503U) % SHAPE_RING;
	ring = bpf_map_lookup_elem(&ch_rings, &index);
	if (!ring)
		return 0;
	place.real = *ring;
	bpf_map_update_elem(connections, flow, &place, BPF_ANY);
	return place.real;
}

/* An outer header in front of the frame; what stands in it but for protocol and destination does not matter here. */
static __always_inline int shape_send(struct xdp_md *ctx, const struct shape_real *real)
{
	int size = real->flags ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
	__u8 *data;

	if (bpf_xdp_adjust_head(ctx, -size))
		return XDP_DROP;
	data = (void *)(long)ctx->data;
	if (data + ETH_HLEN + sizeof(struct ipv6hdr) > (__u8 *)(long)ctx->data_end)
		return XDP_DROP;
	if (real->flags)
		((struct ipv6hdr *)(data + ETH_HLEN))->nexthdr = IPPROTO_IPV6;
	else
		((struct iphdr *)(data + ETH_HLEN))->protocol = IPPROTO_IPIP;
	return XDP_TX;
}

SEC("xdp")
int balancer_ingress(struct xdp_md *ctx)
{
	struct shape_flow flow = {};
	struct shape_vip vip = {};
	int signals = shape_parse(ctx, &flow);
	struct shape_meta *meta;
	struct shape_real *real;
	__u32 number;

	if (signals < 0)
		return XDP_PASS;
	__builtin_memcpy(vip.address, flow.destination, sizeof(vip.address));
	vip.port = flow.port[1];
	vip.protocol = flow.protocol;
	meta = bpf_map_lookup_elem(&vip_map, &vip);
	if (!meta)
		return XDP_PASS;
	number = shape_choose(&flow, meta->number, signals);
	real = bpf_map_lookup_elem(&reals, &number);
	if (!real || !number)
		return XDP_DROP;
	shape_count(meta->number, 1, (long)ctx->data_end - (long)ctx->data);
	return shape_send(ctx, real);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
