/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Core with the cache that no verifier takes: it reads beyond the frame. Stands for what an older kernel does not take. */
#define loom_xdp loom_sound
#include "../../../../../bpf-objects/core/loom_cache.bpf.c"
#undef loom_xdp

SEC("xdp")
int loom_xdp(struct xdp_md *ctx)
{
	return *(int *)(long)ctx->data;
}
