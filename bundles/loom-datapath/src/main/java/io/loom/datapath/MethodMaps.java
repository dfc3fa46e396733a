package io.loom.datapath;

import io.loom.libbpf.MapType;

/** Which maps of a linked object belong to forwarding methods, and what core may do with them without knowing the method. */
public final class MethodMaps {
    private MethodMaps() {}

    /** Core's maps begin with {@code loom_}; names with a dot are libbpf's own (.rodata). */
    public static boolean isOfMethod(String map) {
        return !map.startsWith("loom_") && !map.contains(".");
    }

    /** True if values begin with struct loom_age: so do those of every hash map of a method (include/loom/forward.h). */
    public static boolean ages(String map, MapType type) {
        return isOfMethod(map) && (type == MapType.HASH || type == MapType.LRU_HASH);
    }
}
