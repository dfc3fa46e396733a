package io.loom.datapath.internal.layout;

/** Value of loom_vlimits and loom_blimits: offsets within it, because program and control plane write words of their own. */
public final class LimitEntry {
    public static final int SIZE = 32;
    /** Open connections that are allowed; 0: any. */
    public static final int LIMIT = 0;
    /** Connections that the program has let begin. */
    public static final int OPENED = 8;
    /** What, added to {@link #OPENED}, gives the open ones. */
    public static final int BASE = 16;
    /** Tick of the last count. */
    public static final int COUNTED = 24;

    static final StructLayout LAYOUT = new StructLayout(
            "loom_limit", SIZE, new Field("limit", LIMIT, 8), new Field("opened", OPENED, 8), new Field("base", BASE, 8),
            new Field("counted", COUNTED, 4));

    private LimitEntry() {}
}
