package io.loom.control.dataplane;

import io.loom.api.Endpoint;
import io.loom.api.Prefix;
import io.loom.api.control.Connections.State;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Predicate;
import org.osgi.annotation.versioning.ProviderType;

/** The connection tables, read while programs work with them; see {@link io.loom.api.control.Connections}. Any thread. */
@ProviderType
public interface TrackedConnections {

    /** @return empty if {@code after} is no place in the tables that there are now */
    Optional<Page> page(Wanted wanted, String after, int limit);

    Map<State, Long> count(Wanted wanted);

    /** @param next empty: this was the last */
    record Page(List<Tracked> connections, String next) {}

    /**
     * @param listener empty: its number was an earlier process's
     * @param vip      empty: the listener has been removed
     * @param owner    who has it
     */
    record Tracked(
            Optional<ListenerKey> listener, String vip, InetAddress client, int clientPort, Owner owner, State state, boolean assured,
            Duration idle, Duration left) {}

    /**
     * @param backend empty: the local stack, or a number that was an earlier process's
     * @param source  address and port in the client's place, where the method gives connections such
     */
    record Owner(boolean local, Optional<BackendKey> backend, Optional<Endpoint> source) {}

    /**
     * Which ones.
     *
     * @param vip   asked once for each
     * @param owner likewise, without source
     */
    record Wanted(
            Predicate<String> vip, Predicate<Owner> owner, Optional<Prefix> client, OptionalInt clientPort, Optional<State> state,
            Optional<Duration> idle, Optional<Duration> seen) {}
}
