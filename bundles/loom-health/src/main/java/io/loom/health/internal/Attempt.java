package io.loom.health.internal;

import io.loom.api.Endpoint;
import java.io.IOException;
import java.time.Duration;

/**
 * One TCP connection attempt and its orderly end: after the handshake the sending side is closed, and the socket only when
 * the server has closed its side too, so that the server sees a FIN and no reset. Probing thread only.
 */
final class Attempt {
    private final Watched watched;
    private final Endpoint server;
    private final Duration timeout;
    private final Network.Line line;
    private long endsBy;
    private boolean decided;

    /**
     * Takes a socket, nothing more.
     *
     * @throws IOException if this host has none to give, which says nothing about the server
     */
    Attempt(Watched watched, Network network) throws IOException {
        this.watched = watched;
        this.server = watched.probed();
        this.timeout = watched.check().timeout();
        this.line = network.line(this);
    }

    Watched watched() {
        return watched;
    }

    /** What it connects to. */
    Endpoint server() {
        return server;
    }

    /** That of the check as it was when this began. */
    Duration timeout() {
        return timeout;
    }

    Network.Line line() {
        return line;
    }

    /** True once its result is known. */
    boolean decided() {
        return decided;
    }

    void decide() {
        decided = true;
    }

    /** When it is closed if the server says no goodbye. */
    long endsBy() {
        return endsBy;
    }

    void leaves(long by) {
        endsBy = by;
    }

    /** Gives the socket back; harmless if repeated. */
    void close() {
        line.close();
    }
}
