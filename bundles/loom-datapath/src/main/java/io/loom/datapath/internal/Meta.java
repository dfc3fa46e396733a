package io.loom.datapath.internal;

import io.loom.libbpf.BpfMap;
import io.loom.libbpf.MapType;
import io.loom.libbpf.UpdateMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The pinned map loom_meta: what the next control plane must know of an instance beyond its other maps, as short texts by
 * name, so that any version can read it. No program looks at it. Thread-safe: every change is one system call.
 */
final class Meta implements AutoCloseable {
    static final String NAME = "loom_meta";

    private static final int KEY_BYTES = 64;
    private static final int VALUE_BYTES = 512;
    private static final int ENTRIES = 1 << 16;
    private static final int BPF_F_NO_PREALLOC = 1;

    private final BpfMap map;

    private Meta(BpfMap map) {
        this.map = map;
    }

    static Meta create() {
        return new Meta(BpfMap.create(MapType.HASH, NAME, KEY_BYTES, VALUE_BYTES, ENTRIES, BPF_F_NO_PREALLOC));
    }

    static Meta open(Path pin) {
        return new Meta(BpfMap.open(pin));
    }

    void pin(Path pin) {
        map.pin(pin);
    }

    Optional<String> get(String key) {
        return map.lookup(bytes(key, KEY_BYTES)).map(Meta::text);
    }

    void put(String key, String value) {
        map.update(bytes(key, KEY_BYTES), bytes(value, VALUE_BYTES), UpdateMode.ANY);
    }

    void remove(String key) {
        map.delete(bytes(key, KEY_BYTES));
    }

    /** Values by the rest of their keys. */
    SortedMap<String, String> withPrefix(String prefix) {
        SortedMap<String, String> found = new TreeMap<>();
        map.forEach((key, value) -> {
            String name = text(key);
            if (name.startsWith(prefix)) {
                found.put(name.substring(prefix.length()), text(value));
            }
        });
        return found;
    }

    private static byte[] bytes(String text, int size) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > size) {
            throw new IllegalArgumentException("longer than " + size + " bytes: " + text);
        }
        return Arrays.copyOf(bytes, size);
    }

    private static String text(byte[] bytes) {
        int length = 0;
        while (length < bytes.length && bytes[length] != 0) {
            length++;
        }
        return new String(bytes, 0, length, StandardCharsets.UTF_8);
    }

    BpfMap map() {
        return map;
    }

    @Override
    public void close() {
        map.close();
    }
}
