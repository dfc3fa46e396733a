package io.loom.health.internal;

import java.util.Comparator;
import java.util.TreeSet;

/** The servers of one upstream: how many have a place, and those that wait for one. Probing thread only. */
final class Lane {
    private final String upstream;
    /** Those that were due first come first. */
    private final TreeSet<Watched> waiting = new TreeSet<>(
            ((Comparator<Watched>) (one, other) -> Long.signum(one.due() - other.due())).thenComparingLong(Watched::number));
    private final Lateness lateness;
    private int servers;
    private int open;
    private long turn;

    Lane(String upstream, long now) {
        this.upstream = upstream;
        this.lateness = new Lateness(now);
    }

    String upstream() {
        return upstream;
    }

    int servers() {
        return servers;
    }

    void servers(int count) {
        servers = count;
    }

    /** Places that it has. */
    int open() {
        return open;
    }

    void open(int count) {
        open = count;
    }

    /** When it was served last, in turns of all lanes. */
    long turn() {
        return turn;
    }

    void turn(long number) {
        turn = number;
    }

    TreeSet<Watched> waiting() {
        return waiting;
    }

    Lateness lateness() {
        return lateness;
    }

    /** Places that nobody else may take, and that it has not: of its share, as many as it has servers. */
    int unused(int share) {
        return Math.max(0, Math.min(share, servers) - open);
    }
}
