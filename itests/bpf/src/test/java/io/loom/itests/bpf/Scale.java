package io.loom.itests.bpf;

/** How much the tests do that could go on for ever: {@code ./loom test --full} sets {@code loom.full}. */
final class Scale {
    static final boolean FULL = Boolean.getBoolean("loom.full");

    private Scale() {}

    /** Of things that a test does many times. */
    static int times(int usually, int full) {
        return FULL ? full : usually;
    }
}
