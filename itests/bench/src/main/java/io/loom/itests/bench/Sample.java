package io.loom.itests.bench;

/** Packets of one kind to one program, ready to run; each round is checked while it is measured. */
interface Sample {
    /** One round; nanoseconds per packet, the wrapper's share included. */
    long measure();

    /** Flows may come again without being treated otherwise. */
    boolean recurs();

    /** All flows once. */
    void turn();
}
