/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* An object as an operator might have it: sections of names of his own, a function, a map, constants, and one that no verifier takes. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, 1);
} own_runs SEC(".maps");

const volatile __u32 own_first = 3;

static __noinline int own_count(struct xdp_md *ctx)
{
	__u32 key = 0;
	__u32 *runs = bpf_map_lookup_elem(&own_runs, &key);

	if (!runs || ctx->data_end - ctx->data < 14)
		return -1;
	return __sync_fetch_and_add(runs, 1) + own_first;
}

SEC("xdp_lb")
int own_counting(struct xdp_md *ctx)
{
	return own_count(ctx);
}

SEC("careless")
int own_careless(struct xdp_md *ctx)
{
	return *(int *)(long)ctx->data;
}

SEC("twice")
int own_one(struct xdp_md *ctx)
{
	(void)ctx;
	return 1;
}

SEC("twice")
int own_other(struct xdp_md *ctx)
{
	(void)ctx;
	return 2;
}

char LICENSE[] SEC("license") = "GPL";
