/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What became of single packets, for people who look (GET /ebpf/trace): headers, never what they carry. It costs a load and a
 * branch a packet while nobody does. It never holds a packet up: nobody is woken, and what finds no room is counted and lost.
 */
#ifndef LOOM_CORE_TRACE_H
#define LOOM_CORE_TRACE_H

#include <linux/ip.h>
#include <linux/ipv6.h>
#include "verdict.h"
#include "work.h"

/* Of one tick, defined in balance.h. */
extern const volatile __u32 loom_tick_shift;

/* Records, in the order in which room was taken. Made as large as ring_buffer_size says. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 262144);
} loom_trace SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct loom_trace_wanted);
	__uint(max_entries, 1);
} loom_trace_on SEC(".maps");

/* What is wanted; NULL if nobody looks. */
static __always_inline const struct loom_trace_wanted *loom_trace_find(void)
{
	__u32 first = 0;
	const struct loom_trace_wanted *wanted = bpf_map_lookup_elem(&loom_trace_on, &first);

	return wanted && wanted->until ? wanted : NULL;
}

/* Where a frame that leaves goes: the outer IP header stands where the packet's did. Returns the family, 0 if it cannot be read. */
static __always_inline __u8 loom_trace_sent(struct xdp_md *ctx, const struct loom_packet *packet, __be32 sent[4])
{
	const struct iphdr *ip = (void *)(long)ctx->data + loom_packet_l3(packet);
	const struct ipv6hdr *ip6 = (void *)ip;
	void *end = (void *)(long)ctx->data_end;

	if ((void *)(ip + 1) > end)
		return 0;
	if (ip->version == 4) {
		sent[0] = ip->daddr;
		return 4;
	}
	if ((void *)(ip6 + 1) > end)
		return 0;
	__builtin_memcpy(sent, &ip6->daddr, sizeof(ip6->daddr));
	return 6;
}

static __always_inline int loom_trace_wants(const struct loom_trace_wanted *wanted, const struct loom_packet *packet,
					    const __be32 sent[4], __u32 verdict)
{
	if (!(wanted->verdicts[verdict / 64 % 4] >> (verdict % 64) & 1))
		return 0;
	if (!wanted->addresses)
		return 1;
#pragma unroll
	for (__u32 i = 0; i < LOOM_TRACE_READERS; i++) {
		if (i < wanted->addresses && (loom_address_equal(wanted->address[i], packet->source) ||
					      loom_address_equal(wanted->address[i], packet->destination) ||
					      loom_address_equal(wanted->address[i], sent)))
			return 1;
	}
	return 0;
}

static __always_inline void loom_trace_fill(struct loom_trace_record *record, const struct loom_packet *packet)
{
	__builtin_memcpy(record->source, packet->source, sizeof(record->source));
	__builtin_memcpy(record->destination, packet->destination, sizeof(record->destination));
	record->source_port = packet->source_port;
	record->destination_port = packet->destination_port;
	record->length = packet->length;
	record->family = packet->family;
	record->protocol = packet->protocol;
	record->signals = packet->signals;
	record->fragment = packet->fragment;
	record->related = packet->related != 0;
	__builtin_memset(record->pad, 0, sizeof(record->pad));
}

/*
 * Writes the packet down that this CPU is done with, if it is wanted. A global function of numbers, and out of the way of the
 * packets that nobody looks at; the verifier walks it once.
 */
__noinline int loom_trace_packet(struct xdp_md *ctx, __u32 verdict, __u32 backend, __u32 bytes_out)
{
	const struct loom_trace_wanted *wanted = loom_trace_find();
	struct loom_trace_record *record;
	const struct loom_packet *packet;
	const struct loom_work *work;
	__u32 first = 0;
	__be32 sent[4] = {};
	__u8 sent_family;

	work = bpf_map_lookup_elem(&loom_work, &first);
	packet = &work->packet;
	if (!wanted || !work || wanted->until <= bpf_jiffies64() >> loom_tick_shift)
		return 0;
	sent_family = bytes_out ? loom_trace_sent(ctx, packet, sent) : 0;
	if (!loom_trace_wants(wanted, packet, sent, verdict))
		return 0;
	record = bpf_ringbuf_reserve(&loom_trace, sizeof(*record), 0);
	if (!record) {
		loom_verdict_count(LOOM_EVENT_TRACE_LOST, 0, 0);
		return 0;
	}
	loom_trace_fill(record, packet);
	__builtin_memcpy(record->sent_to, sent, sizeof(record->sent_to));
	record->sent_family = sent_family;
	record->time = bpf_ktime_get_ns();
	record->ifindex = ctx->ingress_ifindex;
	record->cpu = bpf_get_smp_processor_id();
	record->verdict = verdict;
	record->backend = backend;
	record->bytes_in = work->bytes_in;
	record->bytes_out = bytes_out;
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	return 1;
}

#endif
