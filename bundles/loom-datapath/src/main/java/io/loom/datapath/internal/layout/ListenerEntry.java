package io.loom.datapath.internal.layout;

import io.loom.api.plugin.LookupTable;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * A listener in a bucket of loom_listeners4/6.
 *
 * @param number    in connection keys; index of loom_lstats
 * @param index     how the program picks the entry of the table
 * @param table     index of loom_tables
 * @param tableSize entries; 0 if the vip has no backend
 * @param affinity  what clients of the vip are remembered under; 0: they are not
 */
public record ListenerEntry(int number, LookupTable.Index index, Set<Flag> flags, int table, int tableSize, int affinity) {
    private static final Field NUMBER = new Field("number", 0, 2);
    private static final Field INDEX = new Field("index", 2, 1);
    private static final Field FLAGS = new Field("flags", 3, 1);
    private static final Field AFFINITY = new Field("affinity", 4, 4);
    private static final Field TABLE = new Field("table", 8, 4);
    private static final Field TABLE_SIZE = new Field("table_size", 12, 4);
    static final StructLayout LAYOUT =
            new StructLayout("loom_listener", 16, NUMBER, INDEX, FLAGS, AFFINITY, TABLE, TABLE_SIZE);

    /** enum loom_listener_flags. */
    public enum Flag {
        /** Loom put the address on the interface. */
        ASSIGNED(0),
        /** An opening packet makes no entry where the table has not changed. */
        DEFER(1),
        /** No packet does. */
        MINIMAL(2),
        /** Each packet goes by the table. */
        STATELESS(3),
        /** nat leaves the client's address as it is. */
        KEEP_CLIENT(4),
        /** A connection that begins is asked for what loom_guards says. */
        GUARDED(5),
        /** Every packet goes to the local stack. */
        PASS(6),
        /** No service: says that the address is a vip's. */
        ADDRESS(7);

        private final int bit;

        Flag(int bit) {
            this.bit = bit;
        }
    }

    /** Of an address: no connection has its number, and it has no table. */
    public static ListenerEntry ofAddress() {
        return new ListenerEntry(0, LookupTable.Index.FLOW_HASH, Set.of(Flag.ADDRESS), 0, 0, 0);
    }

    public ListenerEntry {
        flags = Collections.unmodifiableSet(flags.isEmpty() ? EnumSet.noneOf(Flag.class) : EnumSet.copyOf(flags));
    }

    public byte[] encode() {
        ByteBuffer struct = LAYOUT.create();
        NUMBER.put(struct, number);
        INDEX.put(struct, index.ordinal());
        FLAGS.put(struct, flags.stream().mapToInt(flag -> 1 << flag.bit).sum());
        TABLE.put(struct, table);
        TABLE_SIZE.put(struct, tableSize);
        AFFINITY.put(struct, affinity);
        return struct.array();
    }

    public static ListenerEntry decode(byte[] value) {
        ByteBuffer struct = LAYOUT.at(value);
        Set<Flag> flags = EnumSet.allOf(Flag.class);
        flags.removeIf(flag -> (FLAGS.get(struct) >> flag.bit & 1) == 0);
        return new ListenerEntry(
                (int) NUMBER.get(struct), LookupTable.Index.values()[(int) INDEX.get(struct)], flags,
                (int) TABLE.get(struct), (int) TABLE_SIZE.get(struct), (int) AFFINITY.get(struct));
    }
}
