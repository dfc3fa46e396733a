/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The contract between the control plane (loom-datapath) and the programs in the kernel, and between core and plugins: map
 * keys and values, verdict numbers. Fixed widths, explicit padding, sizes asserted; a Java test compares every offset with
 * this file's BTF. Changing anything here needs a new LOOM_ABI_VERSION and an ADR.
 */
#ifndef LOOM_ABI_H
#define LOOM_ABI_H

#include <linux/types.h>

#define LOOM_ABI_VERSION 5

#define LOOM_SLOTS 8 /* forwarding methods in one program */
#define LOOM_PROTOCOL_SLOTS 4 /* protocol handlers in one program */
#define LOOM_CHAIN 9 /* programs of the operator before Loom's, and Loom's */
/*
 * Numbers have room for the old and the new generation at once: one that is taken away rests until nothing refers to it, and a file
 * may replace all that there is by others.
 */
#define LOOM_LISTENERS 16384 /* of both address families together */
#define LOOM_TABLES 8192
#define LOOM_VIPS 8193 /* with a limit of connections, from 1 */

/* Verdicts. Numbers are never reused; the twin is io.loom.api.Verdict, which says what each one means. */
enum loom_verdict {
	LOOM_CONTINUE = 0, /* a hook did not decide; never counted */

	LOOM_FORWARD = 1,
	LOOM_REPLY = 2,
	LOOM_ECHO = 3,
	LOOM_ICMP_ERROR = 4,
	LOOM_SENT_BEFORE = 5,
	LOOM_REFUSED = 6,
	LOOM_RESET = 7,

	LOOM_PASS_NOT_IP = 16,
	LOOM_PASS_OTHER_PROTOCOL = 17,
	LOOM_PASS_NO_LISTENER = 18,
	LOOM_PASS_FRAGMENT = 19,
	LOOM_PASS_EXTENSION_HEADER = 20,
	LOOM_PASS_OUT_OF_STATE = 21,
	LOOM_PASS_UNRELATED = 22,
	LOOM_PASS_FALLBACK = 23,
	LOOM_PASS_PASSTHROUGH = 24,
	LOOM_PASS_OTHER_STATION = 25,
	LOOM_PASS_SOURCE_ROUTED = 32,

	LOOM_DROP_TRUNCATED = 48,
	LOOM_DROP_BAD_LENGTH = 49,
	LOOM_DROP_BAD_CHECKSUM = 50,
	LOOM_DROP_NO_BACKEND = 51,
	LOOM_DROP_NO_METHOD = 52,
	LOOM_DROP_CONNECTIONS_FULL = 53,
	LOOM_DROP_TOO_BIG = 54,
	LOOM_DROP_TTL = 55,
	LOOM_DROP_INTERNAL = 56,
	LOOM_DROP_CONNECTION_LIMIT = 57,
	LOOM_DROP_NEEDS_USERSPACE = 58,
	LOOM_DROP_SOURCE_DENIED = 59,
	LOOM_DROP_RATE_LIMIT = 60,
	LOOM_DROP_ECHO_LIMITED = 62,
	LOOM_DROP_MARTIAN = 67,
	LOOM_DROP_LINK_BROADCAST = 68,
	LOOM_DROP_FRAGMENT_TINY = 69,
	LOOM_DROP_FRAGMENT_OVERLAP = 70,
	LOOM_DROP_FRAGMENT_LENGTH = 71,
	LOOM_DROP_FRAGMENT_UNKNOWN = 72,
	LOOM_DROP_BEFORE = 73,
	LOOM_DROP_BEFORE_ABORTED = 74,
	LOOM_DROP_OTHER_VLAN = 75,
	LOOM_DROP_BACKEND_DOWN = 76,

	/* Counted beside the packet's verdict, in the same map: events, not fates. */
	LOOM_EVENT_MAP_FULL = 96, /* an insertion into the connection table failed */
	LOOM_EVENT_EVICTED = 97,  /* a connection took the place of one that had not timed out */
	LOOM_EVENT_TRACE_LOST = 98, /* a packet that the trace wanted found no room there */

	/* A method returns LOOM_METHOD_DROP(0..15); core adds slot * 16. */
	LOOM_METHOD_BASE = 128,
	LOOM_VERDICT_LIMIT = 256,
};

#define LOOM_METHOD_RANGE 16
#define LOOM_METHOD_DROP(i) (LOOM_METHOD_BASE + (i))

/*
 * Value of loom_stations: MAC addresses that frames to this host have where they come in, the most frequent one first, 0 behind the
 * last. Key: the low bits of the interface's number; its higher ones stand below the address, whose bytes follow as in a frame. So
 * interfaces may share a row, and none takes another's frames (below number 4,194,304).
 */
#define LOOM_STATION_ROWS 64 /* a power of two */
#define LOOM_STATIONS 32
#define LOOM_STATION_MAC_AT 16
struct loom_stations {
	__u64 station[LOOM_STATIONS];
};

/* Value of loom_verdicts (per CPU), key: __u32 verdict. */
struct loom_verdict_count {
	__u64 packets;
	__u64 bytes_in;  /* frame length on entry */
	__u64 bytes_out; /* frame length on exit; forwarded frames only */
};

enum loom_index {
	LOOM_INDEX_FLOW_HASH = 0,
	LOOM_INDEX_COUNTER = 1, /* by the listener's running counter on this CPU */
};

enum loom_listener_flags {
	LOOM_LISTENER_ASSIGNED = 1 << 0,    /* Loom put the address on the interface; for --detach, not for the program */
	LOOM_LISTENER_DEFER = 1 << 1,       /* an opening packet makes no entry where the table has not changed */
	LOOM_LISTENER_MINIMAL = 1 << 2,     /* no packet does, where the table has not changed */
	LOOM_LISTENER_STATELESS = 1 << 3,   /* each packet goes by the table, nothing is tracked */
	LOOM_LISTENER_KEEP_CLIENT = 1 << 4, /* nat leaves the client's address as it is */
	LOOM_LISTENER_GUARDED = 1 << 5,     /* a connection that begins is asked for what loom_guards says; never with DEFER */
	LOOM_LISTENER_PASS = 1 << 6,        /* every packet goes to the local stack */
	LOOM_LISTENER_ADDRESS = 1 << 7,     /* no service: says that the address is a vip's (core/address.h) */
};

/* What is known of a listener. Two words, each of which is written whole. */
struct loom_listener {
	__u16 number;     /* part of connection keys; index of loom_lstats */
	__u8 index;       /* enum loom_index */
	__u8 flags;       /* enum loom_listener_flags */
	__u32 affinity;   /* what clients of this vip are remembered under; 0: they are not */
	__u32 table;      /* index of loom_tables */
	__u32 table_size; /* entries, not rows; 0: the vip has no backend */
};

enum loom_guard_flags {
	LOOM_GUARD_OVERFLOW = 1 << 0, /* what is beyond a limit, or finds no room, goes to the local stack; else it is dropped */
	LOOM_GUARD_LOCAL = 1 << 1,    /* new connections go to the local stack */
	LOOM_GUARD_REFUSE = 1 << 2,   /* new connections are dropped: they need the local stack, and must not go there */
	LOOM_GUARD_ACL = 1 << 3,      /* sources are looked up in loom_acl4/6 */
};

/*
 * Keys of loom_acl4/6, prefix tries: bits of the prefix, then the address. Values are an enum loom_acl_action; the longest prefix
 * decides, and a source without any is allowed.
 */
struct loom_acl_key4 {
	__u32 bits;
	__be32 address;
};
struct loom_acl_key6 {
	__u32 bits;
	__be32 address[4];
};

enum loom_acl_action {
	LOOM_ACL_ALLOW = 0,
	LOOM_ACL_DENY = 1,
};

/* Value of loom_guards, key: listener number. What is asked before a connection to a listener begins. */
struct loom_guard {
	__u32 flags; /* enum loom_guard_flags */
	__u32 limit; /* key of loom_vlimits: the vip's; 0: none */
	__u32 rate;  /* new connections of one source a second; 0: any */
	__u32 burst; /* how many of them may come at once, at least 1 */
	__u32 vip;   /* what sources are counted under, the same for all listeners of a vip */
	__u32 refusals; /* 1 + key of loom_refusals: what finds no backend is refused; 0: it is dropped. Also of a listener that is not guarded */
};

/* Value of loom_refusals, a token bucket as in core/rate.h; of which vip a bucket is its number says as far as it can. */
#define LOOM_REFUSALS 4096
#define LOOM_REFUSALS_A_SECOND 1000

/* Key of loom_sources: an IPv4 address, or the first 64 bits of an IPv6 address, of which a client has all the rest. */
struct loom_source_key {
	__be32 address[2];
	__u32 family;
	__u32 vip; /* loom_guard.vip */
};

/*
 * Value of loom_vlimits, and of loom_blimits, key: loom_member.limit. Connections that are open: `base`, which the control plane
 * writes when it has counted them, and those that the program has opened since, as the difference of `opened` then and now. Of
 * those that end the program learns nothing: a limit counts for LOOM_LIMIT_LASTS ticks after the last count, so that nobody is
 * refused because nobody counts.
 */
#define LOOM_LIMIT_LASTS 60
struct loom_limit {
	__u64 limit;  /* 0: none */
	__u64 opened; /* added to by the program, never reset */
	__s64 base;   /* open ones less `opened`, when they were counted */
	__u32 counted; /* tick of that */
	__u32 pad;
};

/* One word, read and written whole; 0: nobody. */
struct loom_listener_key4 {
	__be32 address;
	__be16 port;
	__u8 protocol;
	__u8 pad;
};

/* The second half is one word, written last; 0: nobody. */
struct loom_listener_key6 {
	__be32 address[4];
	__be16 port;
	__u8 protocol;
	__u8 pad[5];
};

/*
 * Values of loom_listeners4/6, arrays of LOOM_BUCKETS: a listener is in the first of the two buckets that its key's hash names,
 * or in the second if there was no room. `spilled` counts a bucket's own that are elsewhere: with none, what is not in it is
 * nowhere, so that packets for no vip and replies read one cache line (IPv6: two). A kernel hash of the same content costs 15
 * to 20 ns a packet more, because it is called.
 */
#define LOOM_BUCKETS 16384 /* 2^LOOM_BUCKET_BITS: with 16384 listeners and as many addresses half of the places are taken */
#define LOOM_BUCKET_BITS 14
#define LOOM_BUCKET_WAYS 4
struct loom_bucket4 {
	struct loom_listener_key4 key[LOOM_BUCKET_WAYS];
	__u64 spilled;
	__u8 pad[24];
	struct loom_listener listener[LOOM_BUCKET_WAYS];
};
struct loom_bucket6 {
	struct loom_listener_key6 key[LOOM_BUCKET_WAYS];
	__u64 spilled;
	__u8 pad[24];
	struct loom_listener listener[LOOM_BUCKET_WAYS];
};

/*
 * Value of the inner maps of loom_tables: one cache line of entries. Entry i is row i / 16, column i % 16. An entry names the
 * backend of new connections (bits 0 to 14) and that of connections from before the entry changed (bits 15 to 29). While bit
 * 30 is set there may be some whose backend is another than the first: they are looked for in the connection table, and a
 * packet that is not there and opens nothing goes to the second. The idea: Beamer, NSDI 2018; JET, CoNEXT 2020.
 */
#define LOOM_TABLE_ROW 16
struct loom_table_row {
	__u32 entry[LOOM_TABLE_ROW];
};
#define LOOM_BACKEND_BITS 15
#define LOOM_BACKEND_MASK ((1 << LOOM_BACKEND_BITS) - 1)
#define LOOM_ENTRY_LOOK (1 << 30)

enum loom_backend_flags {
	LOOM_BACKEND_DOWN = 1 << 0,     /* its connections choose anew */
	LOOM_BACKEND_STATEFUL = 1 << 1, /* needs a connection: a packet that opens none and has none passes to the local stack */
	LOOM_BACKEND_DRAINING = 1 << 2, /* keeps its connections; a client's affinity to it is over */
};

/* In a connection's word: it belongs to the local stack. No backend has this number. */
#define LOOM_BACKEND_LOCAL LOOM_BACKEND_MASK

/* Value of loom_backends, key: __u32 number, 1 to LOOM_BACKEND_LOCAL - 1. IPv4 addresses are in word 0, the rest zero. */
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
	__be32 entropy; /* bits of the last word of `source` that an encapsulation takes from the flow's hash */
	__u16 vlan[2];  /* tags of the way to it, outer first, if that is a VLAN device; 0, 0: a packet's tags are not looked at */
};

/* Value of loom_members, key: backend number. A server in several upstreams has a number in each. */
struct loom_member {
	__u64 group; /* a hash of the upstream's name, for the control plane that adopts the number; no program looks at it */
	__u32 limit; /* key of loom_blimits, where all numbers of an address and port count; 0: nowhere */
	__u32 pad;
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
	LOOM_CONN_TIME_WAIT = 3,    /* both FINs, or a reset; without both FINs the reset may have been made up (age.h) */
	LOOM_CONN_SYN_RECEIVED = 4, /* SYN+ACK of the server; first ACK of the client where the server's half is not seen */
	LOOM_CONN_DATAGRAM = 5,     /* of a protocol that neither opens nor closes */
	LOOM_CONN_STATES = 6,
};

/*
 * loom_conn.fins: who has sent a FIN. Of a connection in TIME_WAIT that is not assured: who did so first, since that one's end waits; 0
 * if it was reset, and both if that was in its handshake.
 */
enum loom_side {
	LOOM_SIDE_CLIENT = 1 << 0,
	LOOM_SIDE_SERVER = 1 << 1,
	LOOM_SIDE_BOTH = 3, /* as the side of a packet: a client's that acknowledges the server's SYN */
};

/*
 * What is known of a connection fits one 64-bit word, so that it is read and written whole. Bits, lowest first: 15 backend
 * number, 1 assured, 3 state, 2 FINs, 20 cookie, 23 tick when it was last seen. 0: no connection (no backend has number 0).
 * A tick is 2^loom_tick_shift jiffies, about a second. Begins the value of every hash map whose entries age, those of
 * forwarding methods included: the control plane deletes expired ones, and needs to know no more of them than this.
 */
enum loom_word {
	LOOM_WORD_ASSURED_AT = 15,
	LOOM_WORD_STATE_AT = 16,
	LOOM_WORD_FINS_AT = 19,
	LOOM_WORD_COOKIE_AT = 21,
	LOOM_WORD_SEEN_AT = 41,
	LOOM_COOKIE_BITS = 20,
	LOOM_SEEN_BITS = 23,
	LOOM_SEEN_AHEAD = 16, /* ticks by which a word may be newer than the clock that another CPU has read */
};

/* Key of loom_conns4 where that is a kernel hash; the value is a word. */
struct loom_conn_key4 {
	__be32 address; /* client */
	__be16 port;    /* client */
	__u16 listener; /* host order */
};

/* Key of loom_conns6 where that is a kernel hash. */
struct loom_conn_key6 {
	__be32 address[4];
	__be16 port;
	__u16 listener;
};

/* One place in a set of the cache. */
struct loom_way {
	__u64 key;  /* bits: 16 listener + 1, 16 port as in the packet, 32 address or, for IPv6, its folding; 0: empty */
	__u64 word; /* 0: empty */
};

/* Values of loom_conns4 and loom_conns6 where those are Loom's own cache: a connection is in the set that its hash names. */
#define LOOM_WAYS 8
struct loom_set4 {
	struct loom_way way[LOOM_WAYS];
};
struct loom_set6 {
	struct loom_way way[LOOM_WAYS];
	__be32 client[LOOM_WAYS][4];
};

/* Keys of loom_affinity4/6. */
struct loom_affinity_key4 {
	__be32 client;
	__u32 vip; /* loom_listener.affinity */
};
struct loom_affinity_key6 {
	__be32 client[4];
	__u32 vip;
};

/* Value of loom_affinity4/6. */
struct loom_affinity {
	__u32 backend;
	__u32 seen; /* tick */
};

/*
 * The trace: which packets are written to the ring loom_trace. It has an end, so that nobody's trace outlives him: who looks
 * moves it on. What it says beyond that may be torn while it changes; a few packets more or less are in the ring then.
 */
#define LOOM_TRACE_READERS 2
struct loom_trace_wanted {
	__u64 until;       /* the tick from which on nothing is written; 0: nobody looks */
	__u64 verdicts[4]; /* a bit for each verdict */
	__be32 address[LOOM_TRACE_READERS][4]; /* one of these is the packet's; IPv4 in word 0, rest zero */
	__u32 addresses;   /* how many; 0: any address will do */
	__u32 pad[13];     /* a power of two is found without multiplication */
};

/* What became of one packet. Addresses, ports and signals are as in struct loom_packet: as it came in. */
struct loom_trace_record {
	__u64 time; /* bpf_ktime_get_ns when it was done with */
	__be32 source[4];
	__be32 destination[4];
	__be32 sent_to[4]; /* destination of the frame as it left, of the outer header if there are two */
	__u32 ifindex;     /* where it came in */
	__u32 cpu;
	__u32 verdict;
	__u32 backend; /* number; 0: none, or it is a backend's reply */
	__u32 bytes_in; /* frame length */
	__u32 bytes_out; /* 0: it did not leave */
	__be16 source_port;
	__be16 destination_port;
	__u16 length; /* of the IP packet, host order */
	__u8 family;  /* 0: no IP */
	__u8 protocol;
	__u8 signals;
	__u8 fragment;
	__u8 related; /* 1: an ICMP error, and the fields above are of the flow that it quotes */
	__u8 sent_family; /* 0: it did not leave */
	__u8 pad[4];
};

_Static_assert(sizeof(struct loom_stations) == 256, "abi");
_Static_assert(sizeof(struct loom_verdict_count) == 24, "abi");
_Static_assert(sizeof(struct loom_listener_key4) == 8, "abi");
_Static_assert(sizeof(struct loom_listener_key6) == 24, "abi");
_Static_assert(sizeof(struct loom_bucket4) == 128, "abi");
_Static_assert(sizeof(struct loom_bucket6) == 192, "abi");
_Static_assert(sizeof(struct loom_listener) == 16, "abi");
_Static_assert(sizeof(struct loom_guard) == 24, "abi");
_Static_assert(sizeof(struct loom_source_key) == 16, "abi");
_Static_assert(sizeof(struct loom_acl_key4) == 8, "abi");
_Static_assert(sizeof(struct loom_acl_key6) == 20, "abi");
_Static_assert(sizeof(struct loom_limit) == 32, "abi");
_Static_assert(sizeof(struct loom_table_row) == 64, "abi");
_Static_assert(sizeof(struct loom_backend) == 64, "abi");
_Static_assert(sizeof(struct loom_member) == 16, "abi");
_Static_assert(sizeof(struct loom_flow_count) == 24, "abi");
_Static_assert(sizeof(struct loom_conn_key4) == 8, "abi");
_Static_assert(sizeof(struct loom_conn_key6) == 20, "abi");
_Static_assert(sizeof(struct loom_set4) == 128, "abi");
_Static_assert(sizeof(struct loom_set6) == 256, "abi");
_Static_assert(sizeof(struct loom_affinity_key4) == 8, "abi");
_Static_assert(sizeof(struct loom_affinity_key6) == 20, "abi");
_Static_assert(sizeof(struct loom_affinity) == 8, "abi");
_Static_assert(sizeof(struct loom_trace_wanted) == 128, "abi");
_Static_assert(sizeof(struct loom_trace_record) == 96, "abi");

#endif
