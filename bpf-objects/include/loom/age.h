/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What is known of a connection, unpacked, and how it ages: the states that say how fast. Used by the connection table and by
 * methods that keep a twin entry of a connection, so that both move alike. RFC 9293 section 3.3.2, as far as a bystander
 * needs it; the signals of other protocols are expressed in those of TCP.
 */
#ifndef LOOM_AGE_H
#define LOOM_AGE_H

#include <loom/packet.h>

/* Options, defined by core, set before load. */
extern const volatile __u32 loom_timeouts[LOOM_CONN_STATES + 2]; /* ticks, by enum loom_conn_state */
extern const volatile __u32 loom_step; /* ticks; see loom_word_is_settled() */

/* enum loom_word says how it is packed. */
struct loom_conn {
	__u32 backend; /* number */
	__u32 cookie;  /* the forwarding method's own; 0 from others */
	__u32 seen;    /* tick at the last packet */
	__u8 state;    /* enum loom_conn_state */
	__u8 fins;     /* enum loom_side, which says how */
	__u8 assured;  /* a packet that opens nothing came in a later tick than the one before: never evicted */
	__u8 pad;
};

/* What of a word stays as it is as long as the connection lasts: where it goes. */
#define LOOM_WORD_OWNER (((1ULL << LOOM_COOKIE_BITS) - 1) << LOOM_WORD_COOKIE_AT | LOOM_BACKEND_MASK)

static __always_inline __u64 loom_conn_pack(const struct loom_conn *conn)
{
	return (__u64)(conn->backend & LOOM_BACKEND_MASK) | (__u64)(conn->assured & 1) << LOOM_WORD_ASSURED_AT |
	       (__u64)(conn->state & 7) << LOOM_WORD_STATE_AT | (__u64)(conn->fins & 3) << LOOM_WORD_FINS_AT |
	       (__u64)(conn->cookie & ((1 << LOOM_COOKIE_BITS) - 1)) << LOOM_WORD_COOKIE_AT |
	       (__u64)conn->seen << LOOM_WORD_SEEN_AT;
}

static __always_inline void loom_conn_unpack(struct loom_conn *conn, __u64 word)
{
	conn->backend = word & LOOM_BACKEND_MASK;
	conn->cookie = word >> LOOM_WORD_COOKIE_AT & ((1 << LOOM_COOKIE_BITS) - 1);
	conn->seen = word >> LOOM_WORD_SEEN_AT;
	conn->state = word >> LOOM_WORD_STATE_AT & 7;
	conn->fins = word >> LOOM_WORD_FINS_AT & 3;
	conn->assured = word >> LOOM_WORD_ASSURED_AT & 1;
	conn->pad = 0;
}

/*
 * Ticks since the word was written, modulo 2^LOOM_SEEN_BITS, about three months. Negative, down to -LOOM_SEEN_AHEAD, if another CPU has
 * done so after this one looked at the clock.
 */
static __always_inline __s32 loom_word_idle(__u64 word, __u32 now)
{
	__u32 since = now - (__u32)(word >> LOOM_WORD_SEEN_AT);

	return (__s32)((since + LOOM_SEEN_AHEAD) & ((1 << LOOM_SEEN_BITS) - 1)) - LOOM_SEEN_AHEAD;
}

static __always_inline int loom_word_expired(__u64 word, __u32 now)
{
	return loom_word_idle(word, now) > (__s32)loom_timeouts[word >> LOOM_WORD_STATE_AT & 7];
}

static __always_inline __u32 loom_word_state(__u64 word)
{
	return word >> LOOM_WORD_STATE_AT & 7;
}

/* Whether the handshake is not over yet. */
static __always_inline int loom_state_is_half_open(__u32 state)
{
	return state == LOOM_CONN_SYN_SENT || state == LOOM_CONN_SYN_RECEIVED;
}

/* Whether the client begins a connection with this packet: a SYN that answers nothing. */
static __always_inline int loom_signals_open(__u8 signals)
{
	return (signals & (LOOM_SIGNAL_SYN | LOOM_SIGNAL_ACK | LOOM_SIGNAL_RST)) == LOOM_SIGNAL_SYN;
}

/* Whether a connection may begin with this packet where the method needs to see its beginning. */
static __always_inline int loom_packet_opens(const struct loom_packet *packet)
{
	return packet->state == LOOM_CONN_DATAGRAM || loom_signals_open(packet->signals);
}

/* It begins one where another was closing: the client uses its port again. */
static __always_inline int loom_word_reopens(__u64 word, __u8 signals)
{
	__u32 state = loom_word_state(word);

	return loom_signals_open(signals) && (state == LOOM_CONN_TIME_WAIT || state == LOOM_CONN_FIN_WAIT);
}

static __always_inline void loom_age_close(struct loom_conn *conn, enum loom_side side)
{
	if (conn->fins && conn->fins != side) {
		conn->state = LOOM_CONN_TIME_WAIT;
		if (conn->assured)
			conn->fins = LOOM_SIDE_BOTH;
		return;
	}
	conn->fins = side;
	conn->state = LOOM_CONN_FIN_WAIT;
}

/*
 * The connection goes on. The server has sent its SYN+ACK, or data, which it does only to a client that it knows to be there;
 * where its half is not seen the client's second packet stands for that.
 */
static __always_inline void loom_age_proceed(struct loom_conn *conn, __u8 signals, enum loom_side side)
{
	if (side == LOOM_SIDE_SERVER)
		conn->state = signals & LOOM_SIGNAL_SYN ? LOOM_CONN_SYN_RECEIVED : LOOM_CONN_ESTABLISHED;
	else if (!(signals & LOOM_SIGNAL_SYN))
		conn->state = conn->state == LOOM_CONN_SYN_SENT ? LOOM_CONN_SYN_RECEIVED : LOOM_CONN_ESTABLISHED;
}

/*
 * A reset that nothing has confirmed. Whether it was in its receiver's window, which RFC 9293 section 3.5.3 and RFC 5961 section 3 want, only
 * that one knows; a bystander sees what follows. One behind the FINs of both sides, or before a connection was established,
 * has nothing to end.
 */
static __always_inline int loom_conn_is_doubted(const struct loom_conn *conn)
{
	return conn->state == LOOM_CONN_TIME_WAIT && conn->fins != LOOM_SIDE_BOTH && conn->assured;
}

/* Both sides have sent their FIN, and it was not assured before: nothing is left to be so. */
static __always_inline int loom_conn_has_closed(const struct loom_conn *conn)
{
	return conn->state == LOOM_CONN_TIME_WAIT && !conn->assured &&
	       (conn->fins == LOOM_SIDE_CLIENT || conn->fins == LOOM_SIDE_SERVER);
}

static __always_inline int loom_word_is_doubted(__u64 word)
{
	struct loom_conn conn;

	loom_conn_unpack(&conn, word);
	return loom_conn_is_doubted(&conn);
}

/*
 * Whether one side has closed a connection of which both are seen, and which another packet could not begin anew: who knows who sent that FIN. Where
 * the client's half alone is seen this is how all end.
 */
static __always_inline int loom_word_is_half_closed(__u64 word)
{
	return loom_word_state(word) == LOOM_CONN_FIN_WAIT && word >> LOOM_WORD_ASSURED_AT & 1 &&
	       word >> LOOM_WORD_COOKIE_AT & ((1 << LOOM_COOKIE_BITS) - 1);
}

/*
 * The connection is no more. One that was reset, or half-closed, who knows by whom, lasts as long as without that: the place of it may be another's
 * from loom_word_expired() on, but as long as nobody wants that, its packets find their backend.
 */
static __always_inline int loom_word_is_over(__u64 word, __u32 now)
{
	if (!loom_word_expired(word, now))
		return 0;
	if (!loom_word_is_doubted(word) && !loom_word_is_half_closed(word))
		return 1;
	return loom_word_idle(word, now) > (__s32)loom_timeouts[LOOM_CONN_ESTABLISHED];
}

/*
 * After a reset that was heard neither side sends anything but further resets: what else comes shows that it was not heard. Of packets that
 * were on their way each is answered by one more reset.
 */
static __always_inline int loom_age_goes_on(const struct loom_conn *conn, __u8 signals)
{
	return loom_conn_is_doubted(conn) && !(signals & (LOOM_SIGNAL_SYN | LOOM_SIGNAL_RST));
}

/*
 * After its FIN a side has no data to send: what has some was not closed by that side, or repeats what was lost before, and is closed by the
 * other side's FIN. A half-closed connection, on which the other side sends, stays what it is, and lives as long as it does.
 */
static __always_inline int loom_age_was_not_closed(const struct loom_conn *conn, __u8 signals, enum loom_side side)
{
	return conn->state == LOOM_CONN_FIN_WAIT && conn->fins == side && conn->assured &&
	       (signals & (LOOM_SIGNAL_FIN | LOOM_SIGNAL_SYN | LOOM_SIGNAL_RST | LOOM_SIGNAL_PSH)) == LOOM_SIGNAL_PSH;
}

/*
 * Where SYNs are not looked up, the client may have begun a new connection with the port of one that was closing: it sends
 * data, which after its FIN it cannot.
 */
static __always_inline int loom_age_revives(const struct loom_conn *conn, const struct loom_packet *packet,
					    enum loom_side side)
{
	__u8 signals = packet->signals & (LOOM_SIGNAL_FIN | LOOM_SIGNAL_SYN | LOOM_SIGNAL_RST | LOOM_SIGNAL_PSH);

	return packet->options & LOOM_LISTENER_DEFER && side == LOOM_SIDE_CLIENT && signals == LOOM_SIGNAL_PSH &&
	       (conn->state == LOOM_CONN_FIN_WAIT || conn->state == LOOM_CONN_TIME_WAIT);
}

static __always_inline void loom_age_reset(struct loom_conn *conn)
{
	if (loom_state_is_half_open(conn->state))
		conn->fins = LOOM_SIDE_BOTH;
	else if (!conn->assured)
		conn->fins = 0;
	conn->state = LOOM_CONN_TIME_WAIT;
}

/* Moves the state on by the signals of a packet from one side. */
static __always_inline void loom_age_move(struct loom_conn *conn, __u8 signals, enum loom_side side)
{
	if (conn->state == LOOM_CONN_DATAGRAM || conn->state == LOOM_CONN_TIME_WAIT)
		return;
	if (signals & LOOM_SIGNAL_RST)
		loom_age_reset(conn);
	else if (signals & LOOM_SIGNAL_FIN)
		loom_age_close(conn, side);
	else if (conn->state == LOOM_CONN_SYN_SENT || conn->state == LOOM_CONN_SYN_RECEIVED)
		loom_age_proceed(conn, signals, side);
}

/*
 * Nothing to write down: the connection's state stays, and its clock is right. That of an assured connection may be late by
 * some ticks, which its timeout has on top: of many slow connections else nearly each packet writes two cache lines.
 */
static __always_inline int loom_word_is_settled(__u64 word, const struct loom_packet *packet)
{
	__u32 state = loom_word_state(word);
	__s32 late = word >> LOOM_WORD_ASSURED_AT & 1 ? loom_step : 1;

	return loom_word_idle(word, packet->now) < late &&
	       (state == LOOM_CONN_DATAGRAM ||
		(state == LOOM_CONN_ESTABLISHED && !(packet->signals & (LOOM_SIGNAL_FIN | LOOM_SIGNAL_RST))));
}

/* Whether its method sees what the server sends, and says itself when the handshake is over. */
static __always_inline int loom_word_is_watched(__u64 word, const struct loom_packet *packet)
{
	return word >> LOOM_WORD_COOKIE_AT & ((1 << LOOM_COOKIE_BITS) - 1) || packet->options & LOOM_LISTENER_KEEP_CLIENT;
}

/*
 * Whether the connection stays half-open, and as old as it is: whoever can send SYNs in the name of others can send ACKs too, and
 * what the server sends to nobody is no sign of life.
 */
static __always_inline int loom_word_waits(__u64 word, const struct loom_packet *packet, enum loom_side side)
{
	__u8 signals = packet->signals, moving = LOOM_SIGNAL_RST | LOOM_SIGNAL_FIN | LOOM_SIGNAL_PSH;
	__u32 state = loom_word_state(word);

	if (!loom_state_is_half_open(state))
		return side == LOOM_SIDE_BOTH;
	if (side == LOOM_SIDE_BOTH)
		return 0;
	if (side == LOOM_SIDE_CLIENT)
		return loom_word_is_watched(word, packet) && !(signals & LOOM_SIGNAL_RST) && !loom_signals_open(signals);
	return !(signals & (state == LOOM_CONN_SYN_SENT ? moving | LOOM_SIGNAL_SYN : moving));
}

/*
 * The word after a packet from one side; LOOM_SIDE_BOTH if its method has seen that it completes the handshake. What is only about
 * a connection does not move it.
 */
static __always_inline __u64 loom_word_move(__u64 word, const struct loom_packet *packet, enum loom_side side)
{
	struct loom_conn conn;

	if (packet->related || loom_word_waits(word, packet, side))
		return word;
	loom_conn_unpack(&conn, word);
	if (side == LOOM_SIDE_BOTH) {
		conn.state = LOOM_CONN_ESTABLISHED;
		side = LOOM_SIDE_CLIENT;
	}
	/* Not after a SYN alone: a handshake can be made up, at any pace, in two packets. */
	if (side == LOOM_SIDE_CLIENT && !(packet->signals & LOOM_SIGNAL_SYN) && conn.state != LOOM_CONN_SYN_SENT &&
	    loom_word_idle(word, packet->now) > 0 && !loom_conn_has_closed(&conn))
		conn.assured = 1;
	if (loom_age_revives(&conn, packet, side) || loom_age_was_not_closed(&conn, packet->signals, side)) {
		conn.state = LOOM_CONN_ESTABLISHED;
		conn.fins = 0;
	}
	if (loom_age_goes_on(&conn, packet->signals))
		conn.state = conn.fins ? LOOM_CONN_FIN_WAIT : LOOM_CONN_ESTABLISHED;
	loom_age_move(&conn, packet->signals, side);
	conn.seen = packet->now;
	return loom_conn_pack(&conn);
}

/*
 * Whether the packet that moved the word has shown that its connection is a new one: only where its SYN has not been looked up. There, one that a
 * reset did not end counts twice.
 */
static __always_inline int loom_word_revived(__u64 before, __u64 after, const struct loom_packet *packet)
{
	__u32 state = loom_word_state(before);

	return packet->options & LOOM_LISTENER_DEFER && (state == LOOM_CONN_FIN_WAIT || state == LOOM_CONN_TIME_WAIT) && loom_word_state(after) == LOOM_CONN_ESTABLISHED;
}

/* A connection that begins with this packet of the client. */
static __always_inline void loom_age_begin(struct loom_conn *conn, const struct loom_packet *packet)
{
	conn->seen = packet->now;
	conn->state = packet->state;
	conn->fins = 0;
	conn->assured = 0;
	conn->pad = 0;
	if (packet->signals & LOOM_SIGNAL_FIN)
		loom_age_close(conn, LOOM_SIDE_CLIENT);
}

#endif
