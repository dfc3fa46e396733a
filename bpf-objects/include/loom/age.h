/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * How connections age, and the TCP states that say how fast. Used by the connection table and by methods that keep a twin
 * entry of a connection, so that both move alike. RFC 9293 section 3.3.2, as far as a bystander needs it.
 */
#ifndef LOOM_AGE_H
#define LOOM_AGE_H

#include <loom/packet.h>

#define LOOM_TCP_FIN 0x01
#define LOOM_TCP_SYN 0x02
#define LOOM_TCP_RST 0x04
#define LOOM_TCP_ACK 0x10

/* Options, defined by core, set before load. */
extern const volatile __u32 loom_timeouts[LOOM_CONN_STATES + 3]; /* jiffies, by enum loom_conn_state */
extern const volatile __u32 loom_hz;                             /* jiffies a second */

/* Jiffies since it was seen. Negative if another CPU has seen it after this one looked at the clock. */
static __always_inline __s32 loom_age_idle(const struct loom_age *age, __u32 now)
{
	return now - age->seen;
}

static __always_inline int loom_age_expired(const struct loom_age *age, __u32 now)
{
	return loom_age_idle(age, now) > (__s32)loom_timeouts[age->state & 7];
}

/* Seen a second ago or longer: time to write it down again. Not each time, so that CPUs do not fight for the cache line. */
static __always_inline int loom_age_is_stale(const struct loom_age *age, __u32 now)
{
	return loom_age_idle(age, now) >= (__s32)loom_hz;
}

/* Whether the client begins a connection with this packet: a SYN that answers nothing. */
static __always_inline int loom_age_opens(__u8 flags)
{
	return (flags & (LOOM_TCP_SYN | LOOM_TCP_ACK | LOOM_TCP_RST)) == LOOM_TCP_SYN;
}

/* It begins one where another was closing: it uses its port again. */
static __always_inline int loom_age_reopens(const struct loom_age *age, __u8 flags)
{
	return loom_age_opens(flags) &&
	       (age->state == LOOM_CONN_TIME_WAIT || age->state == LOOM_CONN_FIN_WAIT);
}

static __always_inline void loom_age_close(struct loom_age *age, enum loom_side side)
{
	age->fins |= side;
	age->state = age->fins == (LOOM_SIDE_CLIENT | LOOM_SIDE_SERVER) ? LOOM_CONN_TIME_WAIT : LOOM_CONN_FIN_WAIT;
}

/* The connection goes on: a SYN+ACK establishes it, or a second packet of the client where the server's half is not seen. */
static __always_inline void loom_age_proceed(struct loom_age *age, __u8 flags, enum loom_side side)
{
	if (side == LOOM_SIDE_SERVER && (flags & LOOM_TCP_SYN))
		age->state = LOOM_CONN_ESTABLISHED;
	else if (side == LOOM_SIDE_CLIENT && !(flags & LOOM_TCP_SYN))
		age->state = age->state == LOOM_CONN_SYN_SENT ? LOOM_CONN_SYN_RECEIVED : LOOM_CONN_ESTABLISHED;
}

/* Moves the state on by the TCP flags of a packet from one side; the last-seen time is the caller's. */
static __always_inline void loom_age_move(struct loom_age *age, __u8 flags, enum loom_side side)
{
	if (flags & LOOM_TCP_RST)
		age->state = LOOM_CONN_TIME_WAIT;
	else if (age->state == LOOM_CONN_TIME_WAIT)
		return;
	else if (flags & LOOM_TCP_FIN)
		loom_age_close(age, side);
	else if (age->state == LOOM_CONN_SYN_SENT || age->state == LOOM_CONN_SYN_RECEIVED)
		loom_age_proceed(age, flags, side);
}

/* A connection that begins with this packet of the client; without SYN it was under way before Loom saw it. */
static __always_inline void loom_age_begin(struct loom_age *age, __u8 flags, __u32 now)
{
	age->seen = now;
	age->state = flags & LOOM_TCP_SYN ? LOOM_CONN_SYN_SENT : LOOM_CONN_SYN_RECEIVED;
	age->fins = 0;
	age->pad[0] = 0;
	age->pad[1] = 0;
	if (flags & LOOM_TCP_FIN)
		loom_age_close(age, LOOM_SIDE_CLIENT);
}

#endif
