package io.loom.control.internal;

import io.loom.api.control.BackendView;
import io.loom.api.control.Connections;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.TrackedConnections;
import io.loom.control.dataplane.TrackedConnections.Owner;
import io.loom.control.dataplane.TrackedConnections.Tracked;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** {@link Connections} as the data plane has them, with the names that operators give. Thread-safe. */
final class ConnectionViews implements Connections {
    private final Supplier<TrackedConnections> tracked;
    private final Supplier<List<BackendView>> backends;
    private volatile Named named = new Named(List.of(), Map.of());

    /** Of the same list as long as there is no other: a page is asked for more often than backends change. */
    private record Named(List<BackendView> of, Map<BackendKey.Server, BackendView> views) {}

    ConnectionViews(Supplier<TrackedConnections> tracked, Supplier<List<BackendView>> backends) {
        this.tracked = tracked;
        this.backends = backends;
    }

    @Override
    public Optional<Page> page(Wanted wanted, String after, int limit) {
        Map<BackendKey.Server, BackendView> views = views();
        return tracked.get().page(selection(wanted), after, limit)
                .map(page -> new Page(page.connections().stream().map(one -> view(one, views)).toList(), page.next()));
    }

    @Override
    public Map<State, Long> count(Wanted wanted) {
        return tracked.get().count(selection(wanted));
    }

    private Map<BackendKey.Server, BackendView> views() {
        List<BackendView> now = backends.get();
        Named known = named;
        if (known.of() != now) {
            Map<BackendKey.Server, BackendView> views = new HashMap<>();
            now.forEach(view -> views.put(new BackendKey.Server(BackendKey.group(view.upstream()), view.endpoint()), view));
            known = new Named(now, views);
            named = known;
        }
        return known.views();
    }

    private static TrackedConnections.Wanted selection(Wanted wanted) {
        Predicate<String> vip = wanted.vip().<Predicate<String>>map(name -> name::equals).orElse(any -> true);
        Optional<Long> group = wanted.upstream().map(BackendKey::group);
        Predicate<Owner> owner = one -> group.isEmpty() || one.backend().map(BackendKey::group).equals(group);
        return new TrackedConnections.Wanted(
                vip, owner.and(one -> wanted.backend().isEmpty() || wanted.backend().get().equals(name(one))), wanted.client(),
                wanted.clientPort(), wanted.state(), wanted.idle(), wanted.seen());
    }

    private static String name(Owner owner) {
        return owner.local() ? Server.LOCAL : owner.backend().map(backend -> backend.endpoint().toString()).orElse("");
    }

    private static Connection view(Tracked one, Map<BackendKey.Server, BackendView> views) {
        Owner owner = one.owner();
        Optional<BackendView> view = owner.backend().map(BackendKey::server).map(views::get);
        Server server = new Server(
                view.map(known -> OptionalInt.of(known.id())).orElse(OptionalInt.empty()), view.map(BackendView::upstream).orElse(""),
                name(owner), owner.backend().map(BackendKey::method).orElse(""), owner.source());
        return new Connection(
                one.vip(), one.listener().map(listener -> new Listener(listener.protocol(), listener.endpoint())), one.client(),
                one.clientPort(), server, one.state(), one.assured(), one.idle(), one.left());
    }
}
