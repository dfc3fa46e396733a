package io.loom.datapath.internal.layout;

import java.nio.ByteBuffer;

/**
 * Head of every value that ages: connections, and the entries of a method's hash maps.
 *
 * @param seen  low 32 bits of the kernel's jiffies at the last packet
 * @param state enum loom_conn_state
 * @param fins  enum loom_side, who has sent a FIN
 */
public record Age(int seen, int state, int fins) {
    private static final Field SEEN = new Field("seen", 0, 4);
    private static final Field STATE = new Field("state", 4, 1);
    private static final Field FINS = new Field("fins", 5, 1);
    static final StructLayout LAYOUT = new StructLayout("loom_age", 8, SEEN, STATE, FINS);

    /** Of the value of a map whose entries age. */
    public static Age decode(byte[] value) {
        return decode(LAYOUT.at(value));
    }

    static Age decode(ByteBuffer struct) {
        return new Age((int) SEEN.get(struct), (int) STATE.get(struct), (int) FINS.get(struct));
    }

    void encode(ByteBuffer struct) {
        SEEN.put(struct, seen);
        STATE.put(struct, state);
        FINS.put(struct, fins);
    }

    /**
     * The twin of loom_age_expired().
     *
     * @param now      low 32 bits of the kernel's jiffies
     * @param timeouts jiffies, by state
     */
    public boolean expired(int now, int[] timeouts) {
        return Integer.compareUnsigned(now - seen, timeouts[state & 7]) > 0;
    }
}
