package io.loom.health.internal;

import io.loom.api.Endpoint;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.Locale;
import java.util.Optional;

/**
 * One TCP connection attempt and its orderly end: after the handshake the sending side is closed, and the socket only when
 * the server has closed its side too, so that the server sees a FIN and no reset. It is the attachment of its selection key.
 * Selector thread only.
 */
final class Attempt {
    /** Room for what a server says unasked (a banner): unread bytes would turn the end into a reset. */
    private static final int SCRAP = 4096;

    private final Watched watched;
    private final long begun;
    private final SocketChannel channel;
    private boolean decided;

    private Attempt(Watched watched, long begun, SocketChannel channel) {
        this.watched = watched;
        this.begun = begun;
        this.channel = channel;
    }

    /**
     * Takes a socket, nothing more.
     *
     * @param begun now, in nanoseconds
     * @throws IOException if this host has none to give, which says nothing about the server
     */
    static Attempt open(Watched watched, long begun) throws IOException {
        SocketChannel channel = SocketChannel.open();
        try {
            channel.configureBlocking(false);
            return new Attempt(watched, begun, channel);
        } catch (IOException | RuntimeException failure) {
            channel.close();
            throw failure;
        }
    }

    /** Begins to connect. @throws IOException if that failed at once; {@link #explain} says why */
    void connect(Selector selector) throws IOException {
        Endpoint server = watched.probed();
        boolean connected = channel.connect(new InetSocketAddress(server.address(), server.port()));
        channel.register(selector, connected ? SelectionKey.OP_WRITE : SelectionKey.OP_CONNECT, this);
    }

    Watched watched() {
        return watched;
    }

    long begun() {
        return begun;
    }

    /** True once its result is known. */
    boolean decided() {
        return decided;
    }

    void decide() {
        decided = true;
    }

    /** @return true if the connection stands, false if it is too early to tell; throws if the attempt failed */
    boolean connected() throws IOException {
        return channel.isConnected() || channel.finishConnect();
    }

    /** Says goodbye; the server's goodbye makes the socket readable. */
    void finish(Selector selector) throws IOException {
        channel.shutdownOutput();
        channel.keyFor(selector).interestOps(SelectionKey.OP_READ);
    }

    /** True if the server has closed its side, or the connection broke: nothing is left to wait for. */
    boolean ended() {
        try {
            return channel.read(ByteBuffer.allocate(SCRAP)) < 0;
        } catch (IOException broken) {
            return true;
        }
    }

    /** Gives the socket back, whatever its state; harmless if repeated. @return what went wrong */
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
        return failure instanceof SocketException ? message.toLowerCase(Locale.ROOT) : message;
    }
}
