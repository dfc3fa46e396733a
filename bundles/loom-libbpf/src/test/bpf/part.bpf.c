/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Fills one slot of host.bpf.c, under a placeholder name: value * factor. For tests only. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

const volatile __u32 factor_slotXX = 10;

__hidden int step_slotXX(int value)
{
	return value * factor_slotXX;
}

char _license[] SEC("license") = "Dual BSD/GPL";
