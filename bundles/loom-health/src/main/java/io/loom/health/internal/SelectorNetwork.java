package io.loom.health.internal;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The host's TCP, by one selector: a connection that is being opened costs a descriptor and no thread. It goes by rounds of
 * {@link #ROUND}: most servers have answered in the round after the one in which they were asked, so that they are looked at
 * then without the selector, which takes as many system calls as the connection itself, and gets only those that take longer.
 */
final class SelectorNetwork implements Network {
    private static final Logger LOG = LoggerFactory.getLogger(SelectorNetwork.class);
    /** Room for what a server says unasked (a banner): unread bytes would turn the end into a reset. */
    private static final int SCRAP = 4096;
    /** What the kernel calls the end of a connection that stood: a reset in answer to the first packet is a refusal. */
    private static final Set<String> BROKEN_OFF = Set.of("connection reset by peer", "broken pipe");

    /** In milliseconds; that much later than it could be everything is seen. */
    private static final long ROUND = 5;

    private final Selector selector;
    /** Those that something was asked of in the last round, but for those that were closed since. */
    private final Queue<Channel> asked = new ArrayDeque<>();
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
        SocketChannel channel = open(owner.server().family());
        try {
            channel.configureBlocking(false);
            return new Channel(channel, owner);
        } catch (IOException | RuntimeException failure) {
            channel.close();
            throw failure;
        }
    }

    /** Java's own choice for both families takes one system call more. */
    private static SocketChannel open(Family family) throws IOException {
        return family == Family.IPV4 ? SocketChannel.open(StandardProtocolFamily.INET) : SocketChannel.open();
    }

    @Override
    public void await(long millis, Consumer<Attempt> told) throws IOException {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(ROUND));
        Consumer<SelectionKey> action = key -> told.accept((Attempt) key.attachment());
        if (!asked.isEmpty() || millis > 0 && millis <= ROUND) {
            selector.selectNow(action);
        } else {
            selector.select(action, millis == 0 ? 0 : millis - ROUND);
        }
        for (int left = asked.size(); left > 0; left--) {
            Channel next = asked.remove();
            if (next.channel.isOpen()) {
                told.accept(next.owner);
            }
        }
    }

    @Override
    public void wake() {
        selector.wakeup();
    }

    @Override
    public void close() {
        asked.forEach(Channel::close);
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
            channel.connect(new InetSocketAddress(server.address(), server.port()));
            asked.add(this);
        }

        @Override
        public boolean connected() throws IOException {
            try {
                boolean connected = channel.finishConnect();
                if (!connected) {
                    select(SelectionKey.OP_CONNECT);
                }
                return connected;
            } catch (IOException failure) {
                if (BROKEN_OFF.contains(Shortages.explain(failure))) {
                    return true;
                }
                throw failure;
            }
        }

        /** Its owner is told when it is ready. */
        private void select(int operation) throws IOException {
            SelectionKey key = channel.keyFor(selector);
            if (key == null) {
                channel.register(selector, operation, owner);
            } else {
                key.interestOps(operation);
            }
        }

        @Override
        public void finish() throws IOException {
            channel.shutdownOutput();
            if (channel.keyFor(selector) == null) {
                asked.add(this);
            } else {
                select(SelectionKey.OP_READ);
            }
        }

        @Override
        public boolean ended() {
            try {
                boolean ended = channel.read(scrap.clear()) < 0;
                if (!ended) {
                    select(SelectionKey.OP_READ);
                }
                return ended;
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
