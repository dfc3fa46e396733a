/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Which of Loom's addresses and ports a connection has towards its backend. Its cookie says it: 16 bits of port below the
 * index of the address; 0 for a connection that keeps the client's own. Only nat.bpf.c uses this.
 */
#ifndef LOOM_NAT_SOURCE_H
#define LOOM_NAT_SOURCE_H

#include <bpf/bpf_endian.h>
#include <loom/forward.h>

#define NAT_WAYS 4 /* ports that differ in their last two bits have their pairs side by side */
#define NAT_SOURCES 16
#define NAT_PORT_BITS 16

/*
 * The ports that Loom may use towards backends, outside net.ipv4.ip_local_port_range; and those that connections may have which
 * began before that setting was changed; none, unless it was. Set before load.
 */
const volatile __u32 nat_port_first = 61000;
const volatile __u32 nat_port_count = 4536;
const volatile __u32 nat_former_first = 61000;
const volatile __u32 nat_former_count = 0;

/*
 * The addresses that an operator has named, from index 1 on; index 0 is Loom's own towards the backend, which is used where
 * none is named. IPv4 in word 0. Set before load.
 */
const volatile __be32 nat_sources4[NAT_SOURCES][4];
const volatile __be32 nat_sources6[NAT_SOURCES][4];
const volatile __u32 nat_source_count4;
const volatile __u32 nat_source_count6;

/* How many ports there are towards a backend, over all addresses; only for those who read it (Description.capacity). */
const volatile __u32 nat_capacity4;
const volatile __u32 nat_capacity6;

static __always_inline __u32 nat_source_count(__u32 family)
{
	return family == 4 ? nat_source_count4 : nat_source_count6;
}

/* The address of a cookie; NULL if it is none of those that are named now. */
static __always_inline const __be32 *nat_source_of(__u32 cookie, const struct loom_backend *backend)
{
	__u32 index = cookie >> NAT_PORT_BITS & (NAT_SOURCES - 1);

	if (!index)
		return backend->source;
	if (index > nat_source_count(backend->family))
		return NULL;
	return (const __be32 *)(backend->family == 4 ? nat_sources4[index] : nat_sources6[index]);
}

static __always_inline __be16 nat_port_of(__u32 cookie)
{
	return bpf_htons((__u16)cookie);
}

static __always_inline int nat_port_is_ours(__u16 port)
{
	return (__u32)port - nat_port_first < nat_port_count; /* one comparison: what is below the first wraps */
}

/* Whether a reply could be addressed to it: spares the lookup for traffic of the host's own. */
static __always_inline int nat_port_may_live(__u16 port)
{
	__u32 former = nat_former_count; /* read once; of none the verifier removes what follows */

	return nat_port_is_ours(port) || (former && (__u32)port - nat_former_first < former);
}

static __always_inline __u32 nat_spread(__u32 hash, __u32 attempt)
{
	hash = (hash + attempt * 0x9e3779b9) * 0x85ebca6b;
	return (hash ^ hash >> 15) * 0xc2b2ae35;
}

/* The port to try: spread over the range by the flow's hash, so that a flow begins with the port that it had before. */
static __always_inline __u16 nat_port_pick(__u32 hash, __u32 attempt)
{
	return nat_port_first + ((__u64)nat_spread(hash, attempt) * nat_port_count >> 32);
}

/* The index of the address to try: each of those that are named has its turn. */
static __always_inline __u32 nat_source_pick(__u32 turn, __u32 count)
{
	return count ? 1 + turn % count : 0;
}

#endif
