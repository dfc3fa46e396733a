/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The contract between the control plane (loom-datapath) and the programs in the kernel, and between core and plugins: map
 * keys and values, verdict numbers. Fixed widths, explicit padding, sizes asserted; a Java test compares every offset with
 * this file's BTF. Changing anything here needs a new LOOM_ABI_VERSION and an ADR.
 */
#ifndef LOOM_ABI_H
#define LOOM_ABI_H

#include <linux/types.h>

#define LOOM_ABI_VERSION 1

#define LOOM_SLOTS 8 /* forwarding methods in one program */
#define LOOM_LISTENERS 4096 /* of both address families together */

/* Verdicts. Numbers are never reused; the twin is io.loom.api.Verdict, which says what each one means. */
enum loom_verdict {
	LOOM_CONTINUE = 0, /* a hook did not decide; never counted */

	LOOM_FORWARD = 1,
	LOOM_REPLY = 2,

	LOOM_PASS_NOT_IP = 16,
	LOOM_PASS_OTHER_PROTOCOL = 17,
	LOOM_PASS_NO_LISTENER = 18,
	LOOM_PASS_FRAGMENT = 19,
	LOOM_PASS_EXTENSION_HEADER = 20,
	LOOM_PASS_OUT_OF_STATE = 21,

	LOOM_DROP_TRUNCATED = 48,
	LOOM_DROP_BAD_LENGTH = 49,
	LOOM_DROP_BAD_CHECKSUM = 50,
	LOOM_DROP_NO_BACKEND = 51,
	LOOM_DROP_NO_METHOD = 52,
	LOOM_DROP_CONNECTIONS_FULL = 53,
	LOOM_DROP_TOO_BIG = 54,
	LOOM_DROP_TTL = 55,
	LOOM_DROP_INTERNAL = 56,

	/* Counted beside the packet's verdict, in the same map: events, not fates. */
	LOOM_EVENT_MAP_FULL = 96, /* an insertion into the connection table failed */

	/* A method returns LOOM_METHOD_DROP(0..15); core adds slot * 16. */
	LOOM_METHOD_BASE = 128,
	LOOM_VERDICT_LIMIT = 256,
};

#define LOOM_METHOD_RANGE 16
#define LOOM_METHOD_DROP(i) (LOOM_METHOD_BASE + (i))

/* Value of loom_verdicts (per CPU), key: __u32 verdict. */
struct loom_verdict_count {
	__u64 packets;
	__u64 bytes_in;  /* frame length on entry */
	__u64 bytes_out; /* frame length on exit; forwarded frames only */
};

/* Key of loom_listeners4. Zero the padding. */
struct loom_listener_key4 {
	__be32 address;
	__be16 port;
	__u8 protocol;
	__u8 pad;
};

/* Key of loom_listeners6. */
struct loom_listener_key6 {
	__be32 address[4];
	__be16 port;
	__u8 protocol;
	__u8 pad;
};

enum loom_index {
	LOOM_INDEX_FLOW_HASH = 0,
	LOOM_INDEX_COUNTER = 1, /* by the listener's running counter on this CPU */
};

enum loom_listener_flags {
	LOOM_LISTENER_ASSIGNED = 1 << 0, /* Loom put the address on the interface; for --detach, not for the program */
};

/* Value of loom_listeners4/6. */
struct loom_listener {
	__u16 number;     /* part of connection keys; index of loom_lstats */
	__u8 index;       /* enum loom_index */
	__u8 flags;       /* enum loom_listener_flags */
	__u32 table;      /* index of loom_tables */
	__u32 table_size; /* entries, not rows; 0: the vip has no backend */
	__u32 pad;
};

/* Value of the inner maps of loom_tables: one cache line of backend numbers. Entry i is row i / 16, column i % 16. */
#define LOOM_TABLE_ROW 16
struct loom_table_row {
	__u32 backend[LOOM_TABLE_ROW];
};

enum loom_backend_flags {
	LOOM_BACKEND_DOWN = 1 << 0,     /* its connections choose anew */
	LOOM_BACKEND_STATEFUL = 1 << 1, /* needs a connection: without SYN and entry, pass to the local stack */
};

/* Value of loom_backends, key: __u32 number; number 0 is never used. IPv4 addresses are in word 0, the rest zero. */
struct loom_backend {
	__be32 address[4];
	__be32 source[4]; /* Loom's own address towards it: SNAT address, outer source */
	__be16 port;
	__u8 family; /* 4 or 6; 0: no entry */
	__u8 slot;   /* forwarding method */
	__u8 flags;  /* enum loom_backend_flags */
	__u8 pad0;
	__u16 mtu;     /* of the interface towards it, IP packet size; 0: unknown */
	__u32 ifindex; /* 0: next hop unknown, drop */
	__u8 mac[12];  /* Ethernet destination, then source, as they stand in a frame */
	__u8 pad1[8];
};

/* Value of loom_bstats (per CPU), key: backend number; and of loom_lstats, key: listener number. Client to backend. */
struct loom_flow_count {
	__u64 packets;
	__u64 bytes; /* IP packet length on entry */
	__u64 connections;
};

enum loom_conn_state {
	LOOM_CONN_SYN_SENT = 0, /* SYN of the client */
	LOOM_CONN_ESTABLISHED = 1,
	LOOM_CONN_FIN_WAIT = 2,     /* one FIN */
	LOOM_CONN_TIME_WAIT = 3,    /* both FINs, or a reset */
	LOOM_CONN_SYN_RECEIVED = 4, /* first ACK of the client where the server's half is not seen */
	LOOM_CONN_STATES = 5,
};

/* Key of loom_conns4. */
struct loom_conn_key4 {
	__be32 address; /* client */
	__be16 port;    /* client */
	__u16 listener; /* host order */
};

/* Key of loom_conns6. */
struct loom_conn_key6 {
	__be32 address[4];
	__be16 port;
	__u16 listener;
};

/* Who has sent a FIN; bits of loom_age.fins. */
enum loom_side {
	LOOM_SIDE_CLIENT = 1 << 0,
	LOOM_SIDE_SERVER = 1 << 1,
};

/*
 * When something was last used, and how long that counts: expired when more than loom_timeouts[state] jiffies have passed.
 * Begins the value of every map whose entries age: loom_conns4/6, and the hash maps of forwarding methods. The control plane
 * deletes expired entries of them, and needs to know no more of them than this.
 */
struct loom_age {
	__u32 seen; /* low 32 bits of bpf_jiffies64() at the last packet, one second coarse */
	__u8 state; /* enum loom_conn_state */
	__u8 fins;  /* enum loom_side */
	__u8 pad[2];
};

/* A connection. Value of loom_conns4/6 in the lru_hash table. */
struct loom_conn {
	struct loom_age age;
	__u32 backend; /* number */
	__u32 cookie;  /* the forwarding method's own; 0 from others */
};

_Static_assert(sizeof(struct loom_verdict_count) == 24, "abi");
_Static_assert(sizeof(struct loom_listener_key4) == 8, "abi");
_Static_assert(sizeof(struct loom_listener_key6) == 20, "abi");
_Static_assert(sizeof(struct loom_listener) == 16, "abi");
_Static_assert(sizeof(struct loom_table_row) == 64, "abi");
_Static_assert(sizeof(struct loom_backend) == 64, "abi");
_Static_assert(sizeof(struct loom_flow_count) == 24, "abi");
_Static_assert(sizeof(struct loom_conn_key4) == 8, "abi");
_Static_assert(sizeof(struct loom_conn_key6) == 20, "abi");
_Static_assert(sizeof(struct loom_age) == 8, "abi");
_Static_assert(sizeof(struct loom_conn) == 16, "abi");

#endif
