package io.loom.datapath.internal.layout;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What the kernel knows of a connection, packed into 64 bits as enum loom_word says. Head of every value that ages.
 *
 * @param backend number
 * @param assured never evicted while it lives
 * @param state   enum loom_conn_state
 * @param fins    enum loom_side, who has sent a FIN, or did so first; 0 after a reset
 * @param cookie  the forwarding method's own, 20 bits
 * @param seen    tick at the last packet, 23 bits
 */
public record ConnectionWord(int backend, boolean assured, int state, int fins, int cookie, int seen) {
    private static final int BACKEND_BITS = 15;
    private static final int ASSURED_AT = 15;
    private static final int STATE_AT = 16;
    private static final int FINS_AT = 19;
    private static final int COOKIE_AT = 21;
    private static final int COOKIE_BITS = 20;
    private static final int SEEN_AT = 41;
    public static final int SEEN_BITS = 23;
    private static final int SEEN_AHEAD = 16;
    /** Of enum loom_conn_state. */
    private static final int ESTABLISHED = 1;
    private static final int FIN_WAIT = 2;
    private static final int TIME_WAIT = 3;
    /** Bits of enum loom_side. */
    private static final int BOTH_SIDES = 3;

    public static ConnectionWord decode(long word) {
        return new ConnectionWord(backend(word), assured(word), state(word), (int) (word >>> FINS_AT & 3),
                cookie(word), seen(word));
    }

    /** The forwarding method's own; 0: it has given the connection none. */
    public static int cookie(long word) {
        return (int) (word >>> COOKIE_AT & mask(COOKIE_BITS));
    }

    /** Of the value of a map whose entries age. */
    public static long head(byte[] value) {
        return ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).getLong();
    }

    public long encode() {
        return backend & mask(BACKEND_BITS) | (assured ? 1L << ASSURED_AT : 0) | (long) state << STATE_AT
                | (long) fins << FINS_AT | (cookie & mask(COOKIE_BITS)) << COOKIE_AT | (seen & mask(SEEN_BITS)) << SEEN_AT;
    }

    public static int backend(long word) {
        return (int) (word & mask(BACKEND_BITS));
    }

    /**
     * Whether nothing more is to come: both sides have closed or one has reset it, or the client has closed where the server's
     * half is not seen.
     */
    public static boolean ended(long word, boolean halfSeen) {
        return state(word) == TIME_WAIT || halfSeen && state(word) == FIN_WAIT;
    }

    public static int state(long word) {
        return (int) (word >>> STATE_AT & 7);
    }

    private static int seen(long word) {
        return (int) (word >>> SEEN_AT & mask(SEEN_BITS));
    }

    /**
     * The twin of loom_word_expired(). A packet that came after {@code now} was read leaves it negative, and alive.
     *
     * @param now      tick
     * @param timeouts ticks, by state
     */
    public static boolean expired(long word, int now, int[] timeouts) {
        return idle(word, now) > timeouts[state(word)];
    }

    /** The twin of loom_word_is_over(): expired, and not one that a reset, or under nat one FIN, may have ended without being heard. */
    public static boolean over(long word, int now, int[] timeouts) {
        return idle(word, now) > lasts(word, timeouts);
    }

    /** Ticks without a packet after which it is over. */
    public static int lasts(long word, int[] timeouts) {
        boolean reset = state(word) == TIME_WAIT && (word >>> FINS_AT & BOTH_SIDES) != BOTH_SIDES;
        boolean halfClosed = state(word) == FIN_WAIT && cookie(word) != 0;
        boolean doubted = (reset || halfClosed) && assured(word);
        return doubted ? Math.max(timeouts[state(word)], timeouts[ESTABLISHED]) : timeouts[state(word)];
    }

    /** Whether it is never evicted while it lives. */
    public static boolean assured(long word) {
        return (word >>> ASSURED_AT & 1) != 0;
    }

    /** Ticks since its last packet; negative if that came after {@code now} was read. */
    public static int idle(long word, int now) {
        return (int) (now - seen(word) + SEEN_AHEAD & mask(SEEN_BITS)) - SEEN_AHEAD;
    }

    private static long mask(int bits) {
        return (1L << bits) - 1;
    }
}
