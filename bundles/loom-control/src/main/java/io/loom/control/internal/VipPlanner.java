package io.loom.control.internal;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.api.IpAddress;
import io.loom.api.Protocol;
import io.loom.api.config.Conntrack;
import io.loom.api.config.Vip;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.DataPlane.MethodView;
import io.loom.control.dataplane.ListenerKey;
import io.loom.control.dataplane.ListenerSpec;
import io.loom.control.dataplane.TableKey;
import io.loom.control.dataplane.TableSpec;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The listeners and tables of one vip: a pure function of the moment that it is made for. */
final class VipPlanner {
    private static final String REDEPLOY = "put its bundle back into deploy/, or use another";

    private final Vip vip;
    private final Treatment treatment;
    private final Pools pools;
    private final PlaneView plane;
    /** What the kernel has of this vip. */
    private final Map<TableKey, TableSpec> applied;
    private final List<Degradation> degraded = new ArrayList<>();

    /** @param acl sources are asked for */
    VipPlanner(Vip vip, Conntrack conntrack, boolean acl, Pools pools, PlaneView plane) {
        this.vip = vip;
        this.treatment = new Treatment(vip, conntrack, acl);
        this.pools = pools;
        this.plane = plane;
        this.applied = new TreeMap<>();
        for (Family family : Family.values()) {
            TableKey key = new TableKey(vip.name(), family);
            Optional.ofNullable(plane.applied().tables().get(key)).ifPresent(table -> applied.put(key, table));
        }
    }

    Plan.VipPlan plan() {
        Optional<String> method = method();
        Optional<String> algorithm = algorithm();
        if (method.isEmpty() || algorithm.isEmpty()) {
            return asItIs();
        }
        MethodView view = plane.methods().get(method.get());
        Map<ListenerKey, ListenerSpec> listeners = listeners(method.get(), algorithm.get(), view);
        Map<TableKey, TableSpec> tables = new TreeMap<>();
        List<Set<BackendKey>> backends = new ArrayList<>();
        boolean held = false;
        for (ListenerSpec listener : listeners.values()) {
            TableKey key = listener.table();
            if (!tables.containsKey(key)) {
                Pool pool = pools.pool(vip.upstream(), key.family(), method.get(), view);
                boolean hold = mustHold(key, pool);
                held |= hold;
                TableSpec spec = hold
                        ? applied.get(key)
                        : pools.table(vip.upstream(), key.family(), method.get(), view, algorithm.get(), vip.tableSize());
                backends.add(pool.keys());
                if (hold) {
                    backends.add(spec.weights().keySet());
                }
                tables.put(key, spec);
                explainEmpty(key.family(), method.get(), spec, pool);
            }
        }
        return new Plan.VipPlan(vip.name(), vip.upstream(), tables, listeners, backends, degraded, false, held);
    }

    private boolean hasCandidates(Family family, MethodView view) {
        Set<Family> reachable = view.pairs().getOrDefault(family, Set.of());
        return pools.members(vip.upstream()).stream().anyMatch(member -> reachable.contains(member.endpoint().family()));
    }

    /**
     * After a restart, and when all keys are new (another method), the table that is there is better than an empty one
     * until the next hops are known, which takes milliseconds; the data plane's view bounds how long.
     */
    private boolean mustHold(TableKey key, Pool pool) {
        TableSpec there = applied.get(key);
        if (there == null || !pool.expecting()) {
            return false;
        }
        boolean worthIt = there.algorithm().isEmpty() || !there.weights().isEmpty();
        return worthIt && pool.weights().keySet().stream().noneMatch(there.weights()::containsKey);
    }

    /** The configured method, or what is in force while that one is missing, or nothing if the vip cannot be changed. */
    private Optional<String> method() {
        String wanted = vip.forwarding();
        MethodView view = plane.methods().get(wanted);
        if (view != null && view.deployed()) {
            return Optional.of(wanted);
        }
        boolean inUse = pools.inUse(wanted);
        if (view != null && inUse) {
            degraded("forwarding method " + wanted + " is no longer deployed; the running program keeps it", REDEPLOY);
            return Optional.of(wanted);
        }
        Optional<String> current = appliedTables().flatMap(spec -> spec.weights().keySet().stream())
                .map(BackendKey::method).filter(plane.methods()::containsKey).findFirst();
        degraded("forwarding method " + wanted + " is not deployed; " + meanwhile(current), "put its bundle into deploy/, or name another method");
        return current;
    }

    private Optional<String> algorithm() {
        if (plane.algorithms().contains(vip.algorithm())) {
            return Optional.of(vip.algorithm());
        }
        Optional<String> current =
                appliedTables().map(TableSpec::algorithm).filter(plane.algorithms()::contains).findFirst();
        degraded("algorithm " + vip.algorithm() + " is not deployed; " + meanwhile(current), "put its bundle into deploy/, or name another algorithm");
        return current;
    }

    private String meanwhile(Optional<String> current) {
        if (current.isPresent()) {
            return current.get() + " stays in force";
        }
        return appliedTables().findAny().isPresent() ? "what runs stays as it is" : "its packets pass until it is";
    }

    private Stream<TableSpec> appliedTables() {
        return applied.values().stream();
    }

    private Plan.VipPlan asItIs() {
        List<Set<BackendKey>> backends = new ArrayList<>();
        applied.values().forEach(spec -> backends.add(spec.weights().keySet()));
        Map<ListenerKey, ListenerSpec> listeners = new TreeMap<>();
        plane.applied().listeners().forEach((key, spec) -> {
            if (spec.table().vip().equals(vip.name())) {
                listeners.put(key, spec);
            }
        });
        return new Plan.VipPlan(vip.name(), vip.upstream(), applied, listeners, backends, degraded, true, false);
    }

    private Map<ListenerKey, ListenerSpec> listeners(String method, String algorithm, MethodView view) {
        boolean asConfigured = method.equals(vip.forwarding()) && algorithm.equals(vip.algorithm());
        Map<ListenerKey, ListenerSpec> listeners = new TreeMap<>();
        boolean asks = pools.limited(vip.upstream());
        Collection<InetAddress> addresses = vip.interfaceAddresses() ? plane.addresses() : vip.addresses();
        for (InetAddress address : addresses) {
            TableKey table = new TableKey(vip.name(), Family.of(address));
            boolean pointless = vip.interfaceAddresses() && !hasCandidates(table.family(), view);
            if (!pointless && !unreachableByProbes(address, method, view)) {
                vip.services().stream().filter(this::handled).forEach(service -> listeners.put(
                        new ListenerKey(service.protocol(), new Endpoint(address, service.port())),
                        treatment.listener(table, service, view, asConfigured, asks)));
            }
        }
        explainListeners(listeners.isEmpty(), addresses);
        if (asConfigured && treatment.needsMore(view)) {
            degraded(method + " must know every connection; they are tracked in full", "let the file track them in full, or name a direct method");
        }
        return listeners;
    }

    private boolean keptByTheProgram(Protocol protocol) {
        return plane.protocols().contains(protocol) && !plane.deployed().contains(protocol)
                && vip.services().stream().anyMatch(service -> service.protocol() == protocol);
    }

    private boolean handled(Vip.Service service) {
        return plane.protocols().contains(service.protocol());
    }

    /**
     * Under direct server return the backends hold the vip: if it is the balancer's own address, they cannot answer it. Of an
     * interface's addresses, which nobody has named, it is left out.
     */
    private boolean unreachableByProbes(InetAddress address, String method, MethodView view) {
        boolean refused = view.direct() && plane.own().contains(address);
        if (refused && !vip.interfaceAddresses()) {
            degraded(IpAddress.format(address) + " is the balancer's own address, which " + method + " (direct server return) cannot serve",
                    "add another address as a vip (ebpf.vips), or use nat");
        }
        return refused;
    }

    private void explainListeners(boolean none, Collection<InetAddress> addresses) {
        for (Protocol protocol : Protocol.values()) {
            List<Integer> ports = vip.services().stream()
                    .filter(service -> service.protocol() == protocol && !handled(service)).map(Vip.Service::port).toList();
            if (keptByTheProgram(protocol)) {
                degraded("the protocol handler for " + protocol + " is no longer deployed; the running program keeps it", REDEPLOY);
            }
            if (!ports.isEmpty()) {
                degraded("no protocol handler for " + protocol + " is deployed; packets to " + protocol + " ports " + ports + " pass",
                        "put its bundle into deploy/");
            }
        }
        if (none && addresses.isEmpty()) {
            degraded("no interface has an address for it", "set ebpf.interface or give the vip addresses");
        } else if (none && vip.interfaceAddresses() && plane.own().containsAll(addresses)) {
            degraded("the interface has no address but the balancer's own, which direct server return cannot serve",
                    "add another one (/32 or /128) or a vip (ebpf.vips), or use nat");
        }
    }

    private void explainEmpty(Family family, String method, TableSpec spec, Pool pool) {
        if (!spec.weights().isEmpty() || spec.algorithm().isEmpty()) {
            return;
        }
        String version = "IPv" + family.version();
        if (pool.keys().isEmpty()) {
            degraded("no backend of upstream " + vip.upstream() + " is reachable over " + version + " by " + method,
                    "add one that is, or take the addresses of " + version + " from the vip");
            return;
        }
        degraded("no usable backend over " + version + ": " + pool.unusable(), "loom:backend-list says why; mend one, or add another");
    }

    private void degraded(String why, String fix) {
        degraded.add(new Degradation(why, fix));
    }
}
