package io.loom.api.config;

/**
 * Sizes and kernel types of the maps that an operator can choose.
 *
 * @param backends    numbered backends; {@code array} (ours) or {@code hash}
 * @param connections tracked connections of each address family; {@code cache} (ours, the
 *                    set-associative cache), {@code lru_hash} or {@code hash}
 * @param stats       global verdict counters, at least 256; {@code percpu_array} (default), {@code array}
 * @param batch       entries that are read in one system call
 */
public record MapSettings(Setting backends, Setting connections, Setting stats, int batch) {
    public static final int DEFAULT_BATCH = 4096;

    public MapSettings(Setting backends, Setting connections, Setting stats) {
        this(backends, connections, stats, DEFAULT_BATCH);
    }

    /** @param type {@code cache}, or the kernel's name in lower case, without {@code BPF_MAP_TYPE_} */
    public record Setting(int maxEntries, String type) {}
}
