package io.loom.datapath;

import io.loom.libbpf.MapType;

/** Which maps of a linked object belong to forwarding methods, and what core may do with them without knowing the method. */
public final class MethodMaps {
    private MethodMaps() {}

    /** Core's maps begin with {@code loom_}; names with a dot are libbpf's own (.rodata). */
    public static boolean isOfMethod(String map) {
        return !map.startsWith("loom_") && !map.contains(".");
    }

    /** True if values begin with a connection's word: so do those of every hash map of a method (include/loom/forward.h). */
    public static boolean ages(String map, MapType type) {
        return isOfMethod(map) && (type == MapType.HASH || type == MapType.LRU_HASH);
    }

    /**
     * True for a method's own table of a connection's other half, an array named {@code ..._pairs4} or {@code ..._pairs6}: its
     * size follows from that of the connection table, and {@link #groups} names the constant by which the method learns it.
     */
    public static boolean pairs(String map, MapType type) {
        return isOfMethod(map) && type == MapType.ARRAY && map.matches(".*_pairs[46]");
    }

    /**
     * True for an array of one entry named {@code ..._moved}: the ticks in which a neighbour, and an interface, changed last, two
     * 32-bit words. For methods that remember how to reach a client.
     */
    public static boolean hearsOfMoves(String map, MapType type) {
        return isOfMethod(map) && type == MapType.ARRAY && map.endsWith("_moved");
    }

    /**
     * True for an array named {@code ..._taken}: a bit for each port that connections must not get, because somebody has it at an address of
     * this host; 64 of them in a word.
     */
    public static boolean hearsOfPorts(String map, MapType type) {
        return isOfMethod(map) && type == MapType.ARRAY && map.endsWith("_taken");
    }

    /** The constant that holds how many groups of {@link Tuning.Connections#GROUP} entries such a map has. */
    public static String groups(String map) {
        return map.replaceAll("_pairs[46]$", "_groups");
    }
}
