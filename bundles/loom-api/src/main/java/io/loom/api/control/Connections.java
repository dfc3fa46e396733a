package io.loom.api.control;

import io.loom.api.Endpoint;
import io.loom.api.Prefix;
import io.loom.api.Protocol;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.osgi.annotation.versioning.ProviderType;

/**
 * The connections that the kernel tracks, each as it is when it is read. Thread-safe; whoever reads holds nobody up, needs memory for
 * one page whatever the table holds, and time for the part of the table that it takes to fill the page.
 */
@ProviderType
public interface Connections {

    /**
     * The next page. A connection that is there throughout is on exactly one page; one that comes or goes meanwhile may be on none.
     *
     * @param after {@link Page#next} of the page before; empty: the first one
     * @param limit connections on the page. A few more only if the table is a kernel hash, one bucket of which has more
     * @return empty if {@code after} is no place in the tables that there are now
     * @throws io.loom.api.LoomException LOOM-1251 if the data path is not configured yet
     */
    Optional<Page> page(Wanted wanted, String after, int limit);

    /** How many there are; those of each state that there is any of. */
    Map<State, Long> count(Wanted wanted);

    /** @param next where the next page begins; empty: there is none */
    record Page(List<Connection> connections, String next) {
        public Page {
            connections = List.copyOf(connections);
        }
    }

    /** As {@code ebpf.conntrack.tcp_timeouts} names them; UDP has one state. Printed in lower case. */
    enum State {
        SYN_SENT, ESTABLISHED, FIN_WAIT, TIME_WAIT, SYN_RECV, UDP;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * @param vip      name; empty: it has been removed
     * @param listener where the client connects to; empty: unknown, it was removed before a restart
     * @param assured  never evicted by a new one while it lives
     * @param idle     since its last packet, as far as that is written down
     * @param left     until it is forgotten, unless a packet comes
     */
    record Connection(
            String vip, Optional<Listener> listener, InetAddress client, int clientPort, Server server, State state, boolean assured,
            Duration idle, Duration left) {}

    record Listener(Protocol protocol, Endpoint endpoint) {}

    /**
     * Who has it.
     *
     * @param id         as {@link BackendView} has it; empty: it is no backend any more, or none
     * @param upstream   empty: likewise
     * @param backend    {@code 10.0.1.10:8080}, {@code local} for the local stack; empty: unknown, it was removed before a restart
     * @param forwarding method; empty: none
     * @param source     address and port of Loom's that the backend sees; empty: it sees the client's
     */
    record Server(OptionalInt id, String upstream, String backend, String forwarding, Optional<Endpoint> source) {
        /** {@link #backend} of what the local stack has. */
        public static final String LOCAL = "local";
    }

    /**
     * Which ones.
     *
     * @param vip        name
     * @param upstream   name
     * @param backend    {@link Server#backend}
     * @param client     network; an address alone is one too
     * @param clientPort of the client
     * @param idle       for at least so long
     * @param seen       a packet within this
     */
    record Wanted(
            Optional<String> vip, Optional<String> upstream, Optional<String> backend, Optional<Prefix> client, OptionalInt clientPort,
            Optional<State> state, Optional<Duration> idle, Optional<Duration> seen) {
        public static final Wanted ALL = new Wanted(
                Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), OptionalInt.empty(), Optional.empty(),
                Optional.empty(), Optional.empty());
    }
}
