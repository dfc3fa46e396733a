package io.loom.health.internal;

import io.loom.api.Endpoint;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.Locale;
import java.util.Optional;

/**
 * One TCP connection attempt and its orderly end: after the handshake the sending side is closed, and the socket only when
 * the server has closed its side too or had time to. Selector thread only.
 */
final class Probe {
    /** Room for what a server says unasked (a banner), so that closing does not reset the connection. */
    private static final int SCRAP = 4096;

    private final SocketChannel channel;
    private final SelectionKey key;

    /** What an event on the probe's socket means. */
    sealed interface Outcome {
        /** Nothing yet. */
        record Pending() implements Outcome {}

        record Connected() implements Outcome {}

        record Failed(String reason) implements Outcome {}
    }

    private Probe(SocketChannel channel, SelectionKey key) {
        this.channel = channel;
        this.key = key;
    }

    /**
     * Begins to connect.
     *
     * @param owner comes back as the attachment of the selection key
     * @throws IOException if the attempt failed at once, for the reason that {@link #explain} tells
     */
    static Probe start(Selector selector, Endpoint endpoint, Object owner) throws IOException {
        SocketChannel channel = SocketChannel.open();
        try {
            channel.configureBlocking(false);
            boolean connected = channel.connect(new InetSocketAddress(endpoint.address(), endpoint.port()));
            int interest = connected ? SelectionKey.OP_WRITE : SelectionKey.OP_CONNECT;
            return new Probe(channel, channel.register(selector, interest, owner));
        } catch (IOException | RuntimeException failure) {
            channel.close();
            throw failure;
        }
    }

    /** Looks at the socket after the selector named it. */
    Outcome connectionState() {
        try {
            return channel.isConnected() || channel.finishConnect() ? new Outcome.Connected() : new Outcome.Pending();
        } catch (IOException failure) {
            return new Outcome.Failed(explain(failure));
        }
    }

    /** Says goodbye; the server's goodbye makes the socket readable. */
    void finish() throws IOException {
        channel.shutdownOutput();
        key.interestOps(SelectionKey.OP_READ);
    }

    /** True if the server has closed its side, or the connection broke, so that nothing is left to wait for. */
    boolean ended() {
        ByteBuffer scrap = ByteBuffer.allocate(SCRAP);
        try {
            int read = channel.read(scrap);
            return read < 0;
        } catch (IOException broken) {
            return true;
        }
    }

    /** Gives the socket back, whatever its state. @return why that failed */
    Optional<IOException> close() {
        try {
            channel.close();
            return Optional.empty();
        } catch (IOException failure) {
            return Optional.of(failure);
        }
    }

    /** The reason in a few lower-case words, such as {@code connection refused}. */
    static String explain(Exception failure) {
        if (failure instanceof NoRouteToHostException) {
            return "no route to host";
        }
        String message = failure.getMessage();
        if (message == null) {
            return failure.getClass().getSimpleName();
        }
        return failure instanceof ConnectException ? message.toLowerCase(Locale.ROOT) : message;
    }
}
