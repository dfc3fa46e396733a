package io.loom.api.config;

/**
 * Sizes and kernel types of the maps that an operator can choose.
 *
 * @param backends    numbered backends; {@code array} (ours) or {@code hash}
 * @param connections tracked connections of each address family; {@code cache} (ours, the
 *                    set-associative cache), {@code lru_hash} or {@code hash}
 * @param stats       global verdict counters, at least 256; {@code percpu_array}
 * @param batch       entries that are read in one system call
 * @param ringBytes   of the trace's ring, at least; it is as large as the next power of two of pages
 */
public record MapSettings(Setting backends, Setting connections, Setting stats, int batch, int ringBytes) {
    public static final int DEFAULT_BATCH = 4096;
    /** 2,520 packets. */
    public static final int DEFAULT_RING_BYTES = 1 << 18;

    public MapSettings(Setting backends, Setting connections, Setting stats) {
        this(backends, connections, stats, DEFAULT_BATCH, DEFAULT_RING_BYTES);
    }

    /** @param type {@code cache}, or the kernel's name in lower case, without {@code BPF_MAP_TYPE_} */
    public record Setting(int maxEntries, String type) {}
}
