package io.loom.datapath.internal.layout;

import io.loom.api.plugin.LookupTable;
import java.nio.ByteBuffer;

/**
 * Value of loom_listeners4/6.
 *
 * @param number    in connection keys; index of loom_lstats
 * @param index     how the program picks the entry of the table
 * @param assigned  Loom put the address on the interface
 * @param table     index of loom_tables
 * @param tableSize entries; 0 if the vip has no backend
 */
public record ListenerEntry(int number, LookupTable.Index index, boolean assigned, int table, int tableSize) {
    private static final Field NUMBER = new Field("number", 0, 2);
    private static final Field INDEX = new Field("index", 2, 1);
    private static final Field FLAGS = new Field("flags", 3, 1);
    private static final Field TABLE = new Field("table", 4, 4);
    private static final Field TABLE_SIZE = new Field("table_size", 8, 4);
    static final StructLayout LAYOUT = new StructLayout("loom_listener", 16, NUMBER, INDEX, FLAGS, TABLE, TABLE_SIZE);

    private static final int ASSIGNED = 1;

    public byte[] encode() {
        ByteBuffer struct = LAYOUT.create();
        NUMBER.put(struct, number);
        INDEX.put(struct, index.ordinal());
        FLAGS.put(struct, assigned ? ASSIGNED : 0);
        TABLE.put(struct, table);
        TABLE_SIZE.put(struct, tableSize);
        return struct.array();
    }

    public static ListenerEntry decode(byte[] value) {
        ByteBuffer struct = LAYOUT.at(value);
        return new ListenerEntry(
                (int) NUMBER.get(struct), LookupTable.Index.values()[(int) INDEX.get(struct)],
                (FLAGS.get(struct) & ASSIGNED) != 0, (int) TABLE.get(struct), (int) TABLE_SIZE.get(struct));
    }
}
