/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The header of ICMP errors and echoes, alike in both families (RFC 792, RFC 4443). linux/icmp.h needs headers that are there for the
 * host's own architecture alone.
 */
#ifndef LOOM_ICMP_H
#define LOOM_ICMP_H

#include <linux/types.h>

enum loom_icmp4_type {
	LOOM_ICMP4_ECHO_REPLY = 0,
	LOOM_ICMP4_UNREACHABLE = 3,
	LOOM_ICMP4_ECHO_REQUEST = 8,
	LOOM_ICMP4_TIME_EXCEEDED = 11,
	LOOM_ICMP4_PARAMETER_PROBLEM = 12,
};

enum loom_icmp6_type {
	LOOM_ICMP6_UNREACHABLE = 1,
	LOOM_ICMP6_TOO_BIG = 2,
	LOOM_ICMP6_TIME_EXCEEDED = 3,
	LOOM_ICMP6_PARAMETER_PROBLEM = 4,
	LOOM_ICMP6_ECHO_REQUEST = 128,
	LOOM_ICMP6_ECHO_REPLY = 129,
};

/* Codes of LOOM_ICMP4_UNREACHABLE: fragmentation needed and "don't fragment" set; port unreachable. */
#define LOOM_ICMP4_TOO_BIG 4
#define LOOM_ICMP4_NO_PORT 3
#define LOOM_ICMP6_NO_PORT 4 /* of LOOM_ICMP6_UNREACHABLE */

struct loom_icmp {
	__u8 type;
	__u8 code;
	__u16 checksum;
	__u8 rest[4];
};

#endif
