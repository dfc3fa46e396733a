package io.loom.health.internal;

import io.loom.api.Endpoint;
import java.io.IOException;
import java.util.function.Consumer;

/** What probes need of the network; everything that waits for it waits here. One thread, but for {@link #wake}. */
interface Network {

    /**
     * Takes a socket, nothing more.
     *
     * @param owner is told when something happens on it
     * @throws IOException if this host has none to give, which says nothing about any server
     */
    Line line(Attempt owner) throws IOException;

    /**
     * Waits until something happens on a line. Of one that was asked to connect or to finish somebody is told soon, whether or not
     * it has; if it has not, again when it does.
     *
     * @param millis at most; 0: as long as it takes
     */
    void await(long millis, Consumer<Attempt> told) throws IOException;

    /** Ends a wait. Any thread. */
    void wake();

    /** Closes all lines. */
    void close();

    /** One connection. */
    interface Line {
        /** Begins to connect. @throws IOException if that failed at once */
        void connect(Endpoint server) throws IOException;

        /** @return true if the connection stands or stood, false if it is too early to tell; throws if the attempt failed */
        boolean connected() throws IOException;

        /** Says goodbye; the server's goodbye is something that happens. */
        void finish() throws IOException;

        /** True if the server has closed its side, or the connection broke: nothing is left to wait for. */
        boolean ended();

        /** Gives the socket back, whatever its state; harmless if repeated. */
        void close();
    }
}
