/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Client affinity: the backend that a client's last connection to a vip went to, whatever port and protocol that had. Asked
 * when a connection begins; kept fresh by the packets of its connections to that backend, once a tick each.
 */
#ifndef LOOM_CORE_AFFINITY_H
#define LOOM_CORE_AFFINITY_H

#include "table.h"

const volatile __u32 loom_affinity_timeout; /* ticks; set before load */

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, struct loom_affinity_key4);
	__type(value, struct loom_affinity);
	__uint(max_entries, 65536);
} loom_affinity4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, struct loom_affinity_key6);
	__type(value, struct loom_affinity);
	__uint(max_entries, 65536);
} loom_affinity6 SEC(".maps");

union loom_affinity_key {
	struct loom_affinity_key4 v4;
	struct loom_affinity_key6 v6;
};

static __always_inline void loom_affinity_key_of(union loom_affinity_key *key, const struct loom_packet *packet,
						 __u32 vip)
{
	if (packet->family == 4) {
		key->v4.client = packet->source[0];
		key->v4.vip = vip;
		return;
	}
	__builtin_memcpy(key->v6.client, packet->source, sizeof(key->v6.client));
	key->v6.vip = vip;
}

/* The backend that the client is used to: 0 if there is none, or if it takes no new connections any more, or cannot be reached. */
static __noinline __u32 loom_affinity_find(const struct loom_packet *packet, __u32 vip)
{
	const struct loom_affinity *affinity;
	const struct loom_backend *backend;
	union loom_affinity_key key;

	loom_affinity_key_of(&key, packet, vip);
	if (packet->family == 4)
		affinity = bpf_map_lookup_elem(&loom_affinity4, &key);
	else
		affinity = bpf_map_lookup_elem(&loom_affinity6, &key);
	if (!affinity || (__s32)(packet->now - affinity->seen) > (__s32)loom_affinity_timeout)
		return 0;
	backend = loom_backend_find(affinity->backend);
	return backend && backend->ifindex && !(backend->flags & LOOM_BACKEND_DRAINING) ? affinity->backend : 0;
}

/* Remembers the client's backend, or that it was there again. Where the map fails the client is chosen for anew. */
static __noinline int loom_affinity_keep(const struct loom_packet *packet, __u32 vip, __u32 backend)
{
	struct loom_affinity affinity = {backend, packet->now};
	union loom_affinity_key key;

	loom_affinity_key_of(&key, packet, vip);
	if (packet->family == 4)
		return bpf_map_update_elem(&loom_affinity4, &key, &affinity, BPF_ANY);
	return bpf_map_update_elem(&loom_affinity6, &key, &affinity, BPF_ANY);
}

/* A connection to that backend goes on. It keeps no client that has begun one with another since, of which more may follow. */
static __always_inline void loom_affinity_renew(const struct loom_packet *packet, __u32 vip, __u32 backend)
{
	__u32 known = loom_affinity_find(packet, vip);

	if (!known || known == backend)
		loom_affinity_keep(packet, vip, backend);
}

#endif
