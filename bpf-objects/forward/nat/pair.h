/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The reply half of a translated connection: found by what a backend's packet carries, it holds what the client must see. Its
 * key is the claim on a source port: whoever inserts it first owns the port towards that backend. Only nat.bpf.c uses this.
 */
#ifndef LOOM_NAT_PAIR_H
#define LOOM_NAT_PAIR_H

#include <linux/if_ether.h>
#include <loom/forward.h>

#define NAT_TRIES 16
#define NAT_QUIET_TICKS 2

/* The ports that Loom may use towards backends; outside net.ipv4.ip_local_port_range. Set before load. */
const volatile __u32 nat_port_first = 61000;
const volatile __u32 nat_port_count = 4536;

struct nat_key4 {
	__be32 backend;
	__be32 source; /* Loom's address towards it */
	__be16 backend_port;
	__be16 source_port;
	__u8 protocol;
	__u8 pad[3];
};

struct nat_key6 {
	__be32 backend[4];
	__be32 source[4];
	__be16 backend_port;
	__be16 source_port;
	__u8 protocol;
	__u8 pad[3];
};

union nat_key {
	struct nat_key4 v4;
	struct nat_key6 v6;
};

struct nat_reply {
	__u64 word;                /* of the connection, as its own */
	struct bpf_spin_lock lock; /* over a change of owner */
	__u32 ifindex;             /* the client's side: where its last packet came in */
	__be32 client[4];
	__be32 vip[4];
	__be16 client_port;
	__be16 vip_port;
	__u8 mac[12]; /* of frames to the client: destination, source; learned from its own */
	__u16 listener;
	__u8 pad[2];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct nat_key4);
	__type(value, struct nat_reply);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} nat_replies4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct nat_key6);
	__type(value, struct nat_reply);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} nat_replies6 SEC(".maps");

static __always_inline struct nat_reply *nat_reply_lookup(const struct loom_packet *packet, const union nat_key *key)
{
	if (packet->family == 4)
		return bpf_map_lookup_elem(&nat_replies4, key);
	return bpf_map_lookup_elem(&nat_replies6, key);
}

static __always_inline long nat_reply_insert(const struct loom_packet *packet, const union nat_key *key,
					     const struct nat_reply *reply)
{
	if (packet->family == 4)
		return bpf_map_update_elem(&nat_replies4, key, reply, BPF_NOEXIST);
	return bpf_map_update_elem(&nat_replies6, key, reply, BPF_NOEXIST);
}

/* The key of replies to a packet that goes to the backend with this source port. */
static __always_inline void nat_key_expect(union nat_key *key, const struct loom_packet *packet,
					   const struct loom_backend *backend, __be16 source_port)
{
	__builtin_memset(key, 0, sizeof(*key));
	if (packet->family == 4) {
		key->v4.backend = backend->address[0];
		key->v4.source = backend->source[0];
		key->v4.backend_port = backend->port;
		key->v4.source_port = source_port;
		key->v4.protocol = packet->protocol;
		return;
	}
	__builtin_memcpy(key->v6.backend, backend->address, sizeof(key->v6.backend));
	__builtin_memcpy(key->v6.source, backend->source, sizeof(key->v6.source));
	key->v6.backend_port = backend->port;
	key->v6.source_port = source_port;
	key->v6.protocol = packet->protocol;
}

/* The key under which a packet would be known if it came from a backend. */
static __always_inline void nat_key_read(union nat_key *key, const struct loom_packet *packet)
{
	__builtin_memset(key, 0, sizeof(*key));
	if (packet->family == 4) {
		key->v4.backend = packet->source[0];
		key->v4.source = packet->destination[0];
		key->v4.backend_port = packet->source_port;
		key->v4.source_port = packet->destination_port;
		key->v4.protocol = packet->protocol;
		return;
	}
	__builtin_memcpy(key->v6.backend, packet->source, sizeof(key->v6.backend));
	__builtin_memcpy(key->v6.source, packet->destination, sizeof(key->v6.source));
	key->v6.backend_port = packet->source_port;
	key->v6.source_port = packet->destination_port;
	key->v6.protocol = packet->protocol;
}

/* What replies to this packet must become. Returns -1 if the frame is too short to learn its Ethernet addresses from. */
static __always_inline int nat_reply_describe(struct nat_reply *reply, struct xdp_md *ctx,
					      const struct loom_packet *packet, const struct loom_conn *conn)
{
	struct ethhdr *ethernet = (void *)(long)ctx->data;

	if ((void *)(ethernet + 1) > (void *)(long)ctx->data_end)
		return -1;
	__builtin_memset(reply, 0, sizeof(*reply));
	reply->word = loom_conn_pack(conn);
	reply->ifindex = ctx->ingress_ifindex;
	__builtin_memcpy(reply->client, packet->source, sizeof(reply->client));
	__builtin_memcpy(reply->vip, packet->destination, sizeof(reply->vip));
	reply->client_port = packet->source_port;
	reply->vip_port = packet->destination_port;
	reply->listener = packet->listener;
	__builtin_memcpy(reply->mac, ethernet->h_source, ETH_ALEN);
	__builtin_memcpy(reply->mac + ETH_ALEN, ethernet->h_dest, ETH_ALEN);
	return 0;
}

static __always_inline int nat_reply_is_of(const struct nat_reply *reply, const struct nat_reply *wanted)
{
	return reply->client[0] == wanted->client[0] && reply->client[1] == wanted->client[1] &&
	       reply->client[2] == wanted->client[2] && reply->client[3] == wanted->client[3] &&
	       reply->client_port == wanted->client_port && reply->listener == wanted->listener;
}

/*
 * Whether another connection may have the port: the owner has expired or, if nothing better was found, has closed and been
 * quiet. A backend takes a SYN in TIME-WAIT (RFC 9293 section 3.10.7.4, RFC 6191); what the quiet time keeps off is late
 * segments of the old connection.
 */
static __always_inline int nat_reply_is_free(const struct nat_reply *reply, __u32 now, int urgent)
{
	if (loom_word_expired(reply->word, now))
		return 1;
	return urgent && loom_word_state(reply->word) == LOOM_CONN_TIME_WAIT &&
	       loom_word_idle(reply->word, now) > NAT_QUIET_TICKS;
}

/* Writes all but the lock. */
static __always_inline void nat_reply_write(struct nat_reply *reply, const struct nat_reply *from)
{
	reply->word = from->word;
	__builtin_memcpy(&reply->ifindex, &from->ifindex,
			 sizeof(*reply) - __builtin_offsetof(struct nat_reply, ifindex));
}

/* One try for one port. Returns 0 if it is ours, -1 if it is taken, -2 if the table is full. */
static __always_inline int nat_port_claim(const struct loom_packet *packet, const union nat_key *key,
					  const struct nat_reply *reply, int urgent)
{
	struct nat_reply *taken;
	int claimed;

	if (!nat_reply_insert(packet, key, reply))
		return 0;
	taken = nat_reply_lookup(packet, key);
	if (!taken)
		return -2;
	bpf_spin_lock(&taken->lock);
	claimed = nat_reply_is_of(taken, reply) || nat_reply_is_free(taken, packet->now, urgent);
	if (claimed)
		nat_reply_write(taken, reply);
	bpf_spin_unlock(&taken->lock);
	return claimed ? 0 : -1;
}

/* Whether a reply could be addressed to it: spares the lookup for traffic of the host's own. */
static __always_inline int nat_port_is_ours(__u16 port)
{
	return port >= nat_port_first && port < nat_port_first + nat_port_count;
}

/* The port to try: spread over the range by the flow's hash, so that a flow begins with the port that it had before. */
static __always_inline __u16 nat_port_pick(__u32 hash, __u32 attempt)
{
	__u32 spread = (hash + attempt * 0x9e3779b9) * 0x85ebca6b;

	spread ^= spread >> 15;
	return nat_port_first + ((__u64)(spread * 0xc2b2ae35) * nat_port_count >> 32);
}

#endif
