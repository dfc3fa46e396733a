package io.loom.datapath.internal.layout;

/** Keys of loom_sources, which only the program reads and writes. */
final class SourceKeys {
    static final StructLayout LAYOUT = new StructLayout("loom_source_key", 16,
            new Field("address", 0, 8), new Field("family", 8, 4), new Field("vip", 12, 4));

    private SourceKeys() {}
}
