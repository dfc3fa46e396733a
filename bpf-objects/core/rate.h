/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * How many ICMP messages of its own a CPU sends in a second, so that nobody can have Loom send floods of them (RFC 1812
 * section 4.3.2.8, RFC 4443 section 2.4 f). A token bucket for each kind, in the form of the time at which it is full again
 * (the generic cell rate algorithm, ITU-T I.371): one word, and no division of elapsed time.
 */
#ifndef LOOM_CORE_RATE_H
#define LOOM_CORE_RATE_H

#include <loom/packet.h>

enum loom_icmp_kind {
	LOOM_ICMP_KIND_ECHO = 0,
	LOOM_ICMP_KIND_ERROR = 1,
	LOOM_ICMP_KINDS = 2,
};

#define LOOM_SECOND 1000000000ULL
#define LOOM_RATE_BURST (LOOM_SECOND / 10) /* what a tenth of a second allows may come at once */

/* When the bucket of each kind is full again, by bpf_ktime_get_ns(). */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, LOOM_ICMP_KINDS);
} loom_icmp_rates SEC(".maps");

/* Whether one more may be sent; then it counts as sent. `rate` a second, not 0. */
__noinline int loom_rate_take(__u32 kind, __u32 rate)
{
	__u64 *full = bpf_map_lookup_elem(&loom_icmp_rates, &kind);
	__u64 now = bpf_ktime_get_ns(), cost = LOOM_SECOND / rate;
	__u64 burst = cost > LOOM_RATE_BURST ? cost : LOOM_RATE_BURST;

	if (!full)
		return 0;
	if (*full < now)
		*full = now;
	if (*full + cost > now + burst)
		return 0;
	*full += cost;
	return 1;
}

#endif
