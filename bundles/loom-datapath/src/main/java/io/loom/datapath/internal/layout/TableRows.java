package io.loom.datapath.internal.layout;

import java.nio.ByteBuffer;

/** Values of the inner maps of loom_tables: rows of 16 entries, see {@link TableEntry}. */
public final class TableRows {
    private static final Field ENTRY = new Field("entry", 0, 64);
    static final StructLayout LAYOUT = new StructLayout("loom_table_row", 64, ENTRY);
    private static final int COLUMNS = 16;

    private TableRows() {}

    /** Rows that hold so many entries, at least one: a map cannot be empty. */
    public static int rows(int entries) {
        return Math.max(1, (entries + COLUMNS - 1) / COLUMNS);
    }

    /** Bytes of a row. */
    public static int rowSize() {
        return LAYOUT.size();
    }

    /** Writes the entries in order to a mapped table, little endian. */
    public static void write(ByteBuffer table, int[] entries) {
        table.asIntBuffer().put(0, entries);
    }

    /** Writes one entry, as one word. */
    public static void put(ByteBuffer table, int position, int entry) {
        table.putInt(position * Integer.BYTES, entry);
    }

    /** Reads so many entries from a mapped table. */
    public static int[] read(ByteBuffer table, int entries) {
        int[] read = new int[entries];
        table.asIntBuffer().get(0, read);
        return read;
    }
}
