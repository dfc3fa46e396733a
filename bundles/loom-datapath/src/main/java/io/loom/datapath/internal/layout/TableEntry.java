package io.loom.datapath.internal.layout;

/** An entry of a lookup table as struct loom_table_row has it: who gets new connections, and who had them before. */
public final class TableEntry {
    /** LOOM_BACKEND_LOCAL: in a connection's word, it belongs to the local stack. */
    public static final int LOCAL = (1 << 15) - 1;
    /** Highest number that a backend can have. */
    public static final int HIGHEST_BACKEND = LOCAL - 1;

    private static final int NUMBER = (1 << 15) - 1;
    private static final int PREVIOUS_AT = 15;
    private static final int LOOK = 1 << 30;

    private TableEntry() {}

    /** All connections go to this backend; 0: there is none. */
    public static int settled(int backend) {
        return backend | backend << PREVIOUS_AT;
    }

    /** New connections go to {@code current}, if there is one; others may exist, and those that are not tracked are {@code previous}'s. */
    public static int changing(int current, int previous) {
        return current | previous << PREVIOUS_AT | LOOK;
    }

    public static int current(int entry) {
        return entry & NUMBER;
    }

    public static int previous(int entry) {
        return entry >>> PREVIOUS_AT & NUMBER;
    }

    public static boolean isChanging(int entry) {
        return (entry & LOOK) != 0;
    }

    /** The same entry, as if it had just changed. */
    public static int doubted(int entry) {
        return isChanging(entry) ? entry : changing(current(entry), current(entry));
    }

    /** The entry when its new connections go to another backend from now on. */
    public static int next(int before, int current) {
        if (current(before) == current) {
            return before;
        }
        return changing(current, isChanging(before) ? previous(before) : current(before));
    }
}
