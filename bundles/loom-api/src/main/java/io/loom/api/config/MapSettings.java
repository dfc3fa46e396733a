package io.loom.api.config;

/**
 * Sizes and kernel types of the maps that an operator can choose.
 *
 * @param backends    numbered backends; {@code array} (ours) or {@code hash}
 * @param connections tracked connections of each address family; {@code cache} (ours, the
 *                    set-associative cache), {@code lru_hash} or {@code hash}
 * @param stats       global verdict counters, at least 256; {@code percpu_array} (default), {@code array}
 */
public record MapSettings(Setting backends, Setting connections, Setting stats) {

    /** @param type {@code cache}, or the kernel's name in lower case, without {@code BPF_MAP_TYPE_} */
    public record Setting(int maxEntries, String type) {}
}
