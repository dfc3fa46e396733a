/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Millions of flows through an XDP program by test runs: each run makes the next packet of a plan, whatever the run before
 * left of it, and tail-calls the program under test. What the run before left is looked at first: a test run that repeats
 * hands it on. So the address to which every single packet was sent is known here, at the speed of the program. Each CPU
 * follows a plan of its own; itests/bpf writes the plans and reads what came of them.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#define FLOOD_FRAME 80 /* bytes */
#define FLOOD_CPUS 64
#define FLOOD_PACKETS 8 /* of one flow */

/* Offsets in an untagged frame of TCP without options. */
#define FLOOD4_CHECK 24
#define FLOOD4_SOURCE 26
#define FLOOD4_DESTINATION 30
#define FLOOD4_PORT 34
#define FLOOD6_SOURCE 30 /* its lower half */
#define FLOOD6_DESTINATION 50 /* its last word */
#define FLOOD6_PORT 54
#define FLOOD_FLAGS_BEHIND_PORT 13

struct flood_plan {
	__u64 seed;   /* tells the flows of one plan from those of another */
	__u32 flows;  /* then the first comes again */
	__u32 packets; /* of a flow, one after the other */
	__u32 counter; /* the CPU whose plan counts the packets of this one: two that share it are always at the same flow */
	__u32 next;    /* number of the next packet */
	__u8 flags[FLOOD_PACKETS]; /* TCP flags of a flow's packets */
	__u32 flow;    /* of the packet that was sent last */
	__u32 pending; /* there is one, and nobody has looked where it went */
	__u64 disagreed; /* packets that went elsewhere than the first one of their flow, on whatever CPU */
	__u64 crossed;   /* packets of flows whose first one another CPU has sent */
	__u64 sent[256]; /* packets, by the last byte of the address to which they left */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, FLOOD_CPUS);
	__type(key, __u32);
	__type(value, struct flood_plan);
} flood_plans SEC(".maps");

/* Where the first packet of each flow went: the last word of the address; above it the CPU that sent it. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} flood_first SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} flood_target SEC(".maps");

const volatile __u64 flood_frame[FLOOD_FRAME / 8];
const volatile __u32 flood_family = 4;

/* A stream of numbers without visible order (Steele, Lea, Flood: Fast splittable pseudorandom number generators). */
static __always_inline __u64 flood_random(__u64 number)
{
	number *= 0x9e3779b97f4a7c15ULL;
	number = (number ^ number >> 30) * 0xbf58476d1ce4e5b9ULL;
	number = (number ^ number >> 27) * 0x94d049bb133111ebULL;
	return number ^ number >> 31;
}

/* Notes where the packet of the run before went. */
static __always_inline void flood_judge(struct flood_plan *plan, void *data, void *end)
{
	__u32 *destination = data + (flood_family == 4 ? FLOOD4_DESTINATION : FLOOD6_DESTINATION);
	__u64 here = bpf_get_smp_processor_id(), first, *slot;
	__u32 flow = plan->flow;

	if (!plan->pending || (void *)(destination + 1) > end)
		return;
	plan->pending = 0;
	plan->sent[*destination >> 24]++; /* the last byte in the wire is the highest of a little endian word */
	slot = bpf_map_lookup_elem(&flood_first, &flow);
	if (!slot)
		return;
	first = __sync_val_compare_and_swap(slot, 0, here << 32 | *destination);
	if (!first)
		return;
	if ((__u32)first != *destination)
		plan->disagreed++;
	if (first >> 32 != here)
		plan->crossed++;
}

static __always_inline void flood_write4(void *data, __u64 random, __u8 flags)
{
	__u16 *check = data + FLOOD4_CHECK;
	__u32 address = ((__u32)random & ~0xc0U) | 0x80, sum; /* 128.0.0.0 to 191.255.255.255: addresses that clients have */

	*(__u32 *)(data + FLOOD4_SOURCE) = address;
	*(__u16 *)(data + FLOOD4_PORT) = random >> 32;
	*((__u8 *)data + FLOOD4_PORT + FLOOD_FLAGS_BEHIND_PORT) = flags;
	sum = *check + (address & 0xffff) + (address >> 16); /* the template's, of a header with source 0 */
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	*check = ~sum;
}

static __always_inline void flood_write6(void *data, __u64 random, __u8 flags)
{
	*(__u32 *)(data + FLOOD6_SOURCE) = random;
	*(__u32 *)(data + FLOOD6_SOURCE + 4) = random >> 32;
	*(__u16 *)(data + FLOOD6_PORT) = flood_random(random);
	*((__u8 *)data + FLOOD6_PORT + FLOOD_FLAGS_BEHIND_PORT) = flags;
}

/* Returns the flags of the next packet, whose flow is then in the plan. */
static __always_inline __u8 flood_advance(struct flood_plan *plan)
{
	__u32 counter = plan->counter, number, packets = plan->packets;
	struct flood_plan *counting = bpf_map_lookup_elem(&flood_plans, &counter);

	if (!counting || !packets || !plan->flows)
		return 0;
	number = __sync_fetch_and_add(&counting->next, 1);
	plan->flow = number / packets % plan->flows;
	return plan->flags[number % packets % FLOOD_PACKETS];
}

SEC("xdp")
int loom_flood(struct xdp_md *ctx)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct flood_plan *plan = bpf_map_lookup_elem(&flood_plans, &cpu);
	int grown = (int)(ctx->data_end - ctx->data) - FLOOD_FRAME;
	__u64 *data, random;
	__u8 flags;

	if (!plan)
		return XDP_ABORTED;
	flood_judge(plan, (void *)(long)ctx->data, (void *)(long)ctx->data_end);
	if (bpf_xdp_adjust_head(ctx, grown))
		return XDP_ABORTED;
	data = (void *)(long)ctx->data;
	if ((void *)data + FLOOD_FRAME > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
#pragma unroll
	for (int i = 0; i < FLOOD_FRAME / 8; i++)
		data[i] = flood_frame[i];
	flags = flood_advance(plan);
	random = flood_random(plan->seed + plan->flow);
	if (flood_family == 4)
		flood_write4(data, random, flags);
	else
		flood_write6(data, random, flags);
	plan->pending = 1;
	bpf_tail_call(ctx, &flood_target, 0);
	return XDP_ABORTED;
}

/* Looks where the last packet went; sends none. */
SEC("xdp")
int loom_flood_end(struct xdp_md *ctx)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct flood_plan *plan = bpf_map_lookup_elem(&flood_plans, &cpu);

	if (plan)
		flood_judge(plan, (void *)(long)ctx->data, (void *)(long)ctx->data_end);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
