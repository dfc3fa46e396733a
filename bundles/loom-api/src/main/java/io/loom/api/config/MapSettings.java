package io.loom.api.config;

/**
 * Sizes and kernel types of the maps that an operator can choose.
 *
 * @param backends    backends that there is room for; {@code array} (ours) or {@code hash}
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

    /** LOOM_BACKEND_LOCAL: a backend's number has 15 bits, and neither the first nor the last is one. */
    public static final int BACKEND_NUMBERS = (1 << 15) - 2;

    public MapSettings(Setting backends, Setting connections, Setting stats) {
        this(backends, connections, stats, DEFAULT_BATCH, DEFAULT_RING_BYTES);
    }

    /**
     * How many numbers backends can have at a time: twice as many as there is room for backends, since that of a removed one is
     * not given anew while connections refer to it, and all may be replaced at once.
     */
    public int backendNumbers() {
        return Math.min(2 * backends.maxEntries(), BACKEND_NUMBERS);
    }

    /** @param type {@code cache}, or the kernel's name in lower case, without {@code BPF_MAP_TYPE_} */
    public record Setting(int maxEntries, String type) {}
}
