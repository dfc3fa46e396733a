/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Questions to the kernel that only a BPF program can ask, answered through BPF_PROG_TEST_RUN: the packet data carries the
 * question in and the answer out. Never attached to an interface.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/*
 * The next hop towards an address. Data: struct bpf_fib_lookup (64 bytes), written back with the answer. Returns
 * BPF_FIB_LKUP_RET_*, or -1 if the data is too short or the parameters are wrong. The kernel needs forwarding on the
 * interface that the parameters name as ingress; the lookup itself never starts ARP or neighbour discovery.
 */
SEC("xdp")
int loom_nexthop(struct xdp_md *ctx)
{
	struct bpf_fib_lookup *data = (void *)(long)ctx->data, query;
	long result;

	if ((void *)(data + 1) > (void *)(long)ctx->data_end)
		return -1;
	__builtin_memcpy(&query, data, sizeof(query));
	result = bpf_fib_lookup(ctx, &query, sizeof(query), 0);
	__builtin_memcpy(data, &query, sizeof(query));
	return result < 0 ? -1 : result;
}

struct loom_clocks {
	__u64 jiffies;
	__u64 nanoseconds; /* of bpf_ktime_get_ns */
};

/* The kernel's clocks, in the first 16 bytes of the data: two runs some time apart tell the jiffies in a second. */
SEC("xdp")
int loom_clock(struct xdp_md *ctx)
{
	struct loom_clocks *clocks = (void *)(long)ctx->data;

	if ((void *)(clocks + 1) > (void *)(long)ctx->data_end)
		return -1;
	clocks->jiffies = bpf_jiffies64();
	clocks->nanoseconds = bpf_ktime_get_ns();
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
