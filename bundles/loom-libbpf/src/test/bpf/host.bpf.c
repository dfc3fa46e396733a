/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A host program with two weak slots, a map of each kind that the binding treats specially, and constants. For tests only. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct nested {
	__u16 first;
	__u16 second[3];
};

struct sample {
	__u64 wide;
	__u8 bytes[6];
	__u16 pad;
	struct nested nested[2];
	union {
		__u32 one;
		__u8 four[4];
	};
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct sample);
} samples SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
} runs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct {
		__uint(type, BPF_MAP_TYPE_ARRAY);
		__uint(max_entries, 1);
		__uint(map_flags, BPF_F_MMAPABLE | BPF_F_INNER_MAP);
		__type(key, __u32);
		__type(value, __u64);
	});
} tables SEC(".maps");

const volatile __u32 host_base = 1;
const volatile __u8 host_flag;

__weak __hidden int step_slot00(int value)
{
	return value;
}

__weak __hidden int step_slot01(int value)
{
	return value;
}

SEC("xdp")
int test_host(struct xdp_md *ctx)
{
	__u32 zero = 0;
	__u32 *run = bpf_map_lookup_elem(&runs, &zero);
	void *table = bpf_map_lookup_elem(&tables, &zero);
	__u64 *entry = table ? bpf_map_lookup_elem(table, &zero) : 0;

	if (run)
		(*run)++;
	bpf_map_lookup_elem(&samples, &zero);
	if (host_flag)
		return ctx->data_end - ctx->data;
	return step_slot01(step_slot00(host_base)) + (entry ? *entry : 0);
}

char _license[] SEC("license") = "Dual BSD/GPL";
