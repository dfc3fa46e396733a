package io.loom.datapath.internal.layout;

import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * Value of loom_guards: what the program asks before a connection to a listener begins.
 *
 * @param limit of the vip, a key of loom_vlimits; 0: none
 * @param rate  new connections of one source a second; 0: any
 * @param burst of them at once
 * @param vip   what sources are counted under
 * @param refusals 1 + the number of a bucket: what finds no backend is refused; 0: it is dropped
 */
public record GuardEntry(Set<Flag> flags, int limit, int rate, int burst, int vip, int refusals) {
    /** Nothing is asked. */
    public static final GuardEntry NONE = new GuardEntry(Set.of(), 0);

    private static final Field FLAGS = new Field("flags", 0, 4);
    private static final Field LIMIT = new Field("limit", 4, 4);
    private static final Field RATE = new Field("rate", 8, 4);
    private static final Field BURST = new Field("burst", 12, 4);
    private static final Field VIP = new Field("vip", 16, 4);
    private static final Field REFUSALS = new Field("refusals", 20, 4);
    static final StructLayout LAYOUT = new StructLayout("loom_guard", 24, FLAGS, LIMIT, RATE, BURST, VIP, REFUSALS);

    /** enum loom_guard_flags, in the order of its bits. */
    public enum Flag {
        /** What is beyond a limit, or finds no room, goes to the local stack. */
        OVERFLOW,
        /** New connections go to the local stack. */
        LOCAL,
        /** New connections are dropped. */
        REFUSE,
        /** Sources are looked up in loom_acl4/6. */
        ACL
    }

    /** One that drops what finds no backend. */
    public GuardEntry(Set<Flag> flags, int limit, int rate, int burst, int vip) {
        this(flags, limit, rate, burst, vip, 0);
    }

    /** One that does not count sources. */
    public GuardEntry(Set<Flag> flags, int limit) {
        this(flags, limit, 0, 0, 0);
    }

    public GuardEntry {
        flags = Collections.unmodifiableSet(flags.isEmpty() ? EnumSet.noneOf(Flag.class) : EnumSet.copyOf(flags));
    }

    public byte[] encode() {
        ByteBuffer struct = LAYOUT.create();
        FLAGS.put(struct, flags.stream().mapToInt(flag -> 1 << flag.ordinal()).sum());
        LIMIT.put(struct, limit);
        RATE.put(struct, rate);
        BURST.put(struct, burst);
        VIP.put(struct, vip);
        REFUSALS.put(struct, refusals);
        return struct.array();
    }

    public static GuardEntry decode(byte[] value) {
        ByteBuffer struct = LAYOUT.at(value);
        Set<Flag> flags = EnumSet.allOf(Flag.class);
        flags.removeIf(flag -> (FLAGS.get(struct) >> flag.ordinal() & 1) == 0);
        return new GuardEntry(flags, (int) LIMIT.get(struct), (int) RATE.get(struct), (int) BURST.get(struct), (int) VIP.get(struct),
                (int) REFUSALS.get(struct));
    }
}
