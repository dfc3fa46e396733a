package io.loom.admin.internal;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.eclipse.jetty.io.Connection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps anybody's connections from being everybody's. Each client address has so many, clients of the network and of this host
 * so many together, so that probes from this host get in whatever the network does. Who is beyond takes the place of the one
 * that has been without a request for longest, or else of the one that has been sending its request's body for longest: a new
 * connection may be the one that matters. A connection ends when it has not
 * brought a whole request head in time, however it drips, and when its answer takes too long. Thread-safe.
 */
final class Visitors implements Connection.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(Visitors.class);
    /** A host of IPv6 commonly has a whole /64. */
    private static final int IPV6_HOST_BYTES = 8;

    /**
     * How much there is for whom.
     *
     * @param perClient connections of one address
     * @param perSide   of all addresses of the network, and again of all of this host
     * @param head      nanoseconds from the connection's begin to the end of the first request's head
     * @param idle      nanoseconds from an answer to the end of the next request's head
     * @param answer    nanoseconds from there to the end of the answer
     */
    record Limits(int perClient, int perSide, long head, long idle, long answer) {
        private static final long SECOND = 1_000_000_000L;
        /** A trace lasts a minute at most. */
        static final Limits USUAL = new Limits(64, 256, 10 * SECOND, 30 * SECOND, 90 * SECOND);
    }

    /** Of one connection; what begins counts from {@code since}. */
    private static final class Visit {
        private final String client;
        private final boolean local;
        private boolean asking;
        /** A body is on its way, for which nothing is done yet. */
        private boolean sending;
        private boolean served;
        private long since;

        private Visit(InetAddress address, long now) {
            this.client = client(address);
            this.local = address.isLoopbackAddress();
            this.since = now;
        }
    }

    private final Limits limits;
    private final LongSupplier clock;
    /** The one that has waited for longest comes first. */
    private final LinkedHashMap<Connection, Visit> visits = new LinkedHashMap<>();
    private final Map<String, Integer> clients = new HashMap<>();
    private int local;
    private long toldAt;

    /** @param clock nanoseconds */
    Visitors(Limits limits, LongSupplier clock) {
        this.limits = limits;
        this.clock = clock;
        this.toldAt = clock.getAsLong() - Limits.SECOND * 60;
    }

    /** Who is at the other end, as far as an address tells. */
    static String client(Connection connection) {
        return client(address(connection));
    }

    private static String client(InetAddress address) {
        return address instanceof Inet6Address
                ? Arrays.toString(Arrays.copyOf(address.getAddress(), IPV6_HOST_BYTES)) : address.getHostAddress();
    }

    private static InetAddress address(Connection connection) {
        SocketAddress remote = connection.getEndPoint().getRemoteSocketAddress();
        return remote instanceof InetSocketAddress inet ? inet.getAddress() : InetAddress.getLoopbackAddress();
    }

    @Override
    public void onOpened(Connection connection) {
        InetAddress address = address(connection);
        Optional<Connection> leaves;
        synchronized (this) {
            Visit visit = new Visit(address, clock.getAsLong());
            visits.put(connection, visit);
            count(visit, 1);
            leaves = tooMany(visit);
            leaves.ifPresent(this::forget);
        }
        leaves.ifPresent(last -> {
            tell(address);
            last.getEndPoint().close();
        });
    }

    @Override
    public void onClosed(Connection connection) {
        forget(connection);
    }

    private synchronized void forget(Connection connection) {
        Visit gone = visits.remove(connection);
        if (gone != null) {
            count(gone, -1);
        }
    }

    private void count(Visit visit, int one) {
        clients.merge(visit.client, one, (before, more) -> before + more == 0 ? null : before + more);
        local += visit.local ? one : 0;
    }

    /** Who has to go for the newcomer, which may be itself; empty if there is room. */
    private Optional<Connection> tooMany(Visit newcomer) {
        if (clients.get(newcomer.client) > limits.perClient()) {
            return longestWaiting(newcomer, visit -> visit.client.equals(newcomer.client));
        }
        int side = newcomer.local ? local : visits.size() - local;
        return side > limits.perSide() ? longestWaiting(newcomer, visit -> visit.local == newcomer.local) : Optional.empty();
    }

    /** If all others are being answered that is the newcomer. */
    private Optional<Connection> longestWaiting(Visit newcomer, Predicate<Visit> of) {
        return first(visit -> visit != newcomer && !visit.asking && of.test(visit))
                .or(() -> first(visit -> visit.sending && of.test(visit)))
                .or(() -> first(visit -> visit == newcomer));
    }

    private Optional<Connection> first(Predicate<Visit> of) {
        return visits.entrySet().stream().filter(one -> of.test(one.getValue())).map(Map.Entry::getKey).findFirst();
    }

    private synchronized void tell(InetAddress address) {
        if (clock.getAsLong() - toldAt > Limits.SECOND * 60) {
            toldAt = clock.getAsLong();
            LOG.warn("too many connections to REST, the last one from {}: those that ask nothing are closed", address.getHostAddress());
        }
    }

    /** A whole request head has come, or its whole body. */
    synchronized void asks(Connection connection) {
        Visit visit = visits.get(connection);
        if (visit != null) {
            visit.asking = true;
            visit.sending = false;
            visit.since = clock.getAsLong();
        }
    }

    /** The request's body is still to come. */
    synchronized void sends(Connection connection) {
        Visit visit = visits.get(connection);
        if (visit != null) {
            visit.sending = true;
        }
    }

    /** The answer is complete, or failed. */
    synchronized void answered(Connection connection) {
        // To the end of the queue: it is the one that waits for the shortest time.
        Visit visit = visits.remove(connection);
        if (visit != null) {
            visit.asking = false;
            visit.sending = false;
            visit.served = true;
            visit.since = clock.getAsLong();
            visits.put(connection, visit);
        }
    }

    /** Ends what has been too slow. */
    void sweep() {
        for (Connection slow : late()) {
            LOG.debug("{} is too slow", slow.getEndPoint().getRemoteSocketAddress());
            slow.getEndPoint().close();
        }
    }

    private synchronized List<Connection> late() {
        long now = clock.getAsLong();
        return visits.entrySet().stream().filter(one -> now - one.getValue().since > limit(one.getValue())).map(Map.Entry::getKey).toList();
    }

    private long limit(Visit visit) {
        return visit.asking ? limits.answer() : visit.served ? limits.idle() : limits.head();
    }
}
