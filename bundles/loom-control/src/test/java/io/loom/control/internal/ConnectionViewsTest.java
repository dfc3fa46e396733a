package io.loom.control.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.api.Endpoint;
import io.loom.api.IpAddress;
import io.loom.api.Protocol;
import io.loom.api.control.BackendView;
import io.loom.api.control.Connections;
import io.loom.api.control.Connections.Connection;
import io.loom.api.control.Connections.Server;
import io.loom.api.control.Connections.State;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.ListenerKey;
import io.loom.control.dataplane.TrackedConnections;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class ConnectionViewsTest {
    private static final Endpoint SERVER = endpoint("10.0.1.10", 8080);
    private static final Endpoint VIP = endpoint("10.0.0.1", 80);
    private List<BackendView> backends = List.of(view(7, "web"), view(9, "api"));

    private static Endpoint endpoint(String address, int port) {
        return new Endpoint(IpAddress.parse(address).orElseThrow(), port);
    }

    private static BackendView view(int id, String upstream) {
        return new BackendView(id, upstream, SERVER, 100, BackendView.State.UP, "", BackendView.Source.FILE, false);
    }

    private static TrackedConnections.Tracked tracked(String vip, TrackedConnections.Owner owner) {
        return new TrackedConnections.Tracked(Optional.of(new ListenerKey(Protocol.TCP, VIP)), vip, VIP.address(), 40000, owner,
                State.ESTABLISHED, true, Duration.ofSeconds(3), Duration.ofSeconds(300));
    }

    private static TrackedConnections.Owner of(String upstream) {
        return new TrackedConnections.Owner(false, Optional.of(new BackendKey(upstream, SERVER, "nat")), Optional.of(endpoint("10.0.1.1", 2000)));
    }

    private static final TrackedConnections.Owner LOCAL = new TrackedConnections.Owner(true, Optional.empty(), Optional.empty());
    private static final TrackedConnections.Owner UNKNOWN = new TrackedConnections.Owner(false, Optional.empty(), Optional.empty());

    /** A data plane with these four. */
    private final Connections views = new ConnectionViews(() -> new TrackedConnections() {
        @Override
        public Optional<Page> page(Wanted wanted, String after, int limit) {
            return Optional.of(new Page(List.of(tracked("web", of("web")), tracked("api", of("api")), tracked("web", LOCAL), tracked("", UNKNOWN),
                    tracked("web", of("old"))).stream()
                    .filter(one -> wanted.vip().test(one.vip()) && wanted.owner().test(one.owner())).toList(), "4-1-9"));
        }

        @Override
        public Map<State, Long> count(Wanted wanted) {
            return Map.of(State.ESTABLISHED, (long) page(wanted, "", 9).orElseThrow().connections().size());
        }
    }, () -> backends);

    private List<Server> servers(Optional<String> vip, Optional<String> upstream, Optional<String> backend) {
        Connections.Wanted wanted = new Connections.Wanted(
                vip, upstream, backend, Optional.empty(), OptionalInt.empty(), Optional.empty(), Optional.empty(), Optional.empty());
        List<Server> found = views.page(wanted, "", 9).orElseThrow().connections().stream().map(Connection::server).toList();
        assertEquals(Map.of(State.ESTABLISHED, (long) found.size()), views.count(wanted));
        return found;
    }

    private static Server server(int id, String upstream) {
        return new Server(OptionalInt.of(id), upstream, "10.0.1.10:8080", "nat", Optional.of(endpoint("10.0.1.1", 2000)));
    }

    private static final Server OF_LOCAL = new Server(OptionalInt.empty(), "", "local", "", Optional.empty());
    private static final Server OLD = new Server(OptionalInt.empty(), "", "10.0.1.10:8080", "nat", Optional.of(endpoint("10.0.1.1", 2000)));

    @Test
    void eachHasTheNamesThatOperatorsGive() {
        assertEquals(List.of(server(7, "web"), server(9, "api"), OF_LOCAL, new Server(OptionalInt.empty(), "", "", "", Optional.empty()), OLD),
                servers(Optional.empty(), Optional.empty(), Optional.empty()));
        Connections.Page page = views.page(Connections.Wanted.ALL, "", 9).orElseThrow();
        assertEquals("4-1-9", page.next());
        assertEquals(Optional.of(new Connections.Listener(Protocol.TCP, VIP)), page.connections().get(0).listener());
    }

    @Test
    void theyAreChosenByName() {
        assertEquals(List.of(server(7, "web"), OF_LOCAL, OLD), servers(Optional.of("web"), Optional.empty(), Optional.empty()));
        assertEquals(List.of(server(9, "api")), servers(Optional.empty(), Optional.of("api"), Optional.empty()));
        assertEquals(List.of(OF_LOCAL), servers(Optional.empty(), Optional.empty(), Optional.of("local")));
        assertEquals(List.of(server(7, "web"), server(9, "api"), OLD), servers(Optional.empty(), Optional.empty(), Optional.of("10.0.1.10:8080")));
        assertEquals(List.of(server(7, "web")), servers(Optional.empty(), Optional.of("web"), Optional.of("10.0.1.10:8080")));
    }

    @Test
    void aBackendThatIsRemovedHasNoIdAnyMore() {
        assertEquals(server(7, "web"), servers(Optional.of("web"), Optional.empty(), Optional.empty()).get(0));
        backends = List.of(view(9, "api"));
        assertEquals(OLD, servers(Optional.of("web"), Optional.empty(), Optional.empty()).get(0));
    }
}
