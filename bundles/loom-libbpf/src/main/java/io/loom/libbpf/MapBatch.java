package io.loom.libbpf;

import java.util.List;
import java.util.OptionalInt;

/**
 * Some entries of a hash, those of whole buckets.
 *
 * @param next where the others begin; empty: there are no others
 */
public record MapBatch(List<Entry> entries, OptionalInt next) {

    /** As the program sees them; whoever reads it does not change it. */
    public record Entry(byte[] key, byte[] value) {}

    public MapBatch {
        entries = List.copyOf(entries);
    }
}
