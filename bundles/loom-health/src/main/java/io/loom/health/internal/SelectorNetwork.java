package io.loom.health.internal;

import io.loom.api.Endpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The host's TCP, by one selector: a connection that is being opened costs a descriptor and no thread. */
final class SelectorNetwork implements Network {
    private static final Logger LOG = LoggerFactory.getLogger(SelectorNetwork.class);
    /** Room for what a server says unasked (a banner): unread bytes would turn the end into a reset. */
    private static final int SCRAP = 4096;

    private final Selector selector;
    private final ByteBuffer scrap = ByteBuffer.allocateDirect(SCRAP);

    SelectorNetwork() {
        try {
            selector = Selector.open();
        } catch (IOException failure) {
            throw new UncheckedIOException("cannot open a selector for health checks", failure);
        }
    }

    @Override
    public Line line(Attempt owner) throws IOException {
        SocketChannel channel = SocketChannel.open();
        try {
            channel.configureBlocking(false);
            return new Channel(channel, owner);
        } catch (IOException | RuntimeException failure) {
            channel.close();
            throw failure;
        }
    }

    @Override
    public void await(long millis, Consumer<Attempt> told) throws IOException {
        selector.select(key -> told.accept((Attempt) key.attachment()), millis);
    }

    @Override
    public void wake() {
        selector.wakeup();
    }

    @Override
    public void close() {
        List.copyOf(selector.keys()).forEach(key -> close((SocketChannel) key.channel()));
        try {
            selector.close();
        } catch (IOException failure) {
            LOG.warn("the selector of the health checks did not close", failure);
        }
    }

    private static void close(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException failure) {
            LOG.debug("a probe's socket did not close", failure);
        }
    }

    private final class Channel implements Line {
        private final SocketChannel channel;
        private final Attempt owner;

        private Channel(SocketChannel channel, Attempt owner) {
            this.channel = channel;
            this.owner = owner;
        }

        @Override
        public void connect(Endpoint server) throws IOException {
            boolean connected = channel.connect(new InetSocketAddress(server.address(), server.port()));
            channel.register(selector, connected ? SelectionKey.OP_WRITE : SelectionKey.OP_CONNECT, owner);
        }

        @Override
        public boolean connected() throws IOException {
            return channel.isConnected() || channel.finishConnect();
        }

        @Override
        public void finish() throws IOException {
            channel.shutdownOutput();
            channel.keyFor(selector).interestOps(SelectionKey.OP_READ);
        }

        @Override
        public boolean ended() {
            try {
                return channel.read(scrap.clear()) < 0;
            } catch (IOException broken) {
                return true;
            }
        }

        @Override
        public void close() {
            SelectorNetwork.close(channel);
        }
    }
}
