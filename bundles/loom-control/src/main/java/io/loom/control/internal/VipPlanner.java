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
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The listeners and tables of one vip: a pure function of the moment that it is made for. */
final class VipPlanner {
    private final Vip vip;
    private final Treatment treatment;
    private final List<Member> members;
    private final Set<Endpoint> limited;
    private final Health health;
    private final PlaneView plane;
    private final List<String> degraded = new ArrayList<>();

    /**
     * @param acl     sources are asked for
     * @param members of the vip's upstream
     * @param limited addresses that have a limit of connections, in this upstream or in another one
     */
    VipPlanner(Vip vip, Conntrack conntrack, boolean acl, List<Member> members, Set<Endpoint> limited, Health health,
            PlaneView plane) {
        this.vip = vip;
        this.treatment = new Treatment(vip, conntrack, acl);
        this.members = members;
        this.limited = limited;
        this.health = health;
        this.plane = plane;
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
        Set<BackendKey> backends = new HashSet<>();
        boolean held = false;
        for (ListenerSpec listener : listeners.values()) {
            TableKey key = listener.table();
            if (!tables.containsKey(key)) {
                List<Candidate> candidates = candidates(key.family(), method.get(), view);
                candidates.forEach(candidate -> backends.add(candidate.key()));
                boolean hold = mustHold(key, candidates);
                held |= hold;
                TableSpec spec = hold
                        ? plane.applied().tables().get(key)
                        : new TableSpec(algorithm.get(), vip.tableSize(), weights(candidates));
                backends.addAll(spec.weights().keySet());
                tables.put(key, spec);
                explainEmpty(key.family(), method.get(), spec, candidates);
            }
        }
        return new Plan.VipPlan(vip.name(), vip.upstream(), tables, listeners, backends, degraded, false, held);
    }

    private record Candidate(Member member, BackendKey key) {}

    /**
     * Those of the vip's own family, or of the other one if there are none: who lists servers by both of their addresses has
     * set them up for the first, and each must not count twice.
     */
    private List<Candidate> candidates(Family family, String method, MethodView view) {
        Set<Family> reachable = view.pairs().getOrDefault(family, Set.of());
        boolean own = reachable.contains(family)
                && members.stream().anyMatch(member -> member.endpoint().family() == family);
        long group = BackendKey.group(vip.upstream());
        return members.stream()
                .filter(member -> own ? member.endpoint().family() == family : reachable.contains(member.endpoint().family()))
                .map(member -> new Candidate(member, new BackendKey(group, member.endpoint(), method)))
                .toList();
    }

    private boolean hasCandidates(Family family, MethodView view) {
        Set<Family> reachable = view.pairs().getOrDefault(family, Set.of());
        return members.stream().anyMatch(member -> reachable.contains(member.endpoint().family()));
    }

    private boolean wantsTraffic(Candidate candidate) {
        return candidate.member().weight() > 0 && health.down(candidate.member()).isEmpty();
    }

    private SortedMap<BackendKey, Integer> weights(List<Candidate> candidates) {
        SortedMap<BackendKey, Integer> weights = new TreeMap<>();
        candidates.stream()
                .filter(candidate -> wantsTraffic(candidate) && plane.nextHops().known(candidate.key()))
                .forEach(candidate -> weights.put(candidate.key(), candidate.member().weight()));
        return weights;
    }

    /**
     * After a restart, and when all keys are new (another method), the table that is there is better than an empty one
     * until the next hops are known, which takes milliseconds; the data plane's view bounds how long.
     */
    private boolean mustHold(TableKey key, List<Candidate> candidates) {
        TableSpec applied = plane.applied().tables().get(key);
        if (applied == null) {
            return false;
        }
        boolean settling = candidates.stream()
                .anyMatch(candidate -> wantsTraffic(candidate) && plane.nextHops().expected(candidate.key()));
        boolean worthIt = applied.algorithm().isEmpty() || !applied.weights().isEmpty();
        return settling && worthIt
                && weights(candidates).keySet().stream().noneMatch(applied.weights()::containsKey);
    }

    /** The configured method, or what is in force while that one is missing, or nothing if the vip cannot be changed. */
    private Optional<String> method() {
        String wanted = vip.forwarding();
        MethodView view = plane.methods().get(wanted);
        if (view != null && view.deployed()) {
            return Optional.of(wanted);
        }
        boolean inUse = plane.applied().backends().stream().anyMatch(key -> key.method().equals(wanted));
        if (view != null && inUse) {
            degraded.add("forwarding method " + wanted + " is no longer deployed; the running program keeps it");
            return Optional.of(wanted);
        }
        Optional<String> current = appliedTables().flatMap(spec -> spec.weights().keySet().stream())
                .map(BackendKey::method).filter(plane.methods()::containsKey).findFirst();
        degraded.add("forwarding method " + wanted + " is not deployed; " + meanwhile(current));
        return current;
    }

    private Optional<String> algorithm() {
        if (plane.algorithms().contains(vip.algorithm())) {
            return Optional.of(vip.algorithm());
        }
        Optional<String> current =
                appliedTables().map(TableSpec::algorithm).filter(plane.algorithms()::contains).findFirst();
        degraded.add("algorithm " + vip.algorithm() + " is not deployed; " + meanwhile(current));
        return current;
    }

    private String meanwhile(Optional<String> current) {
        if (current.isPresent()) {
            return current.get() + " stays in force";
        }
        return appliedTables().findAny().isPresent() ? "what runs stays as it is" : "its packets pass until it is";
    }

    private Stream<TableSpec> appliedTables() {
        return plane.applied().tables().entrySet().stream()
                .filter(entry -> entry.getKey().vip().equals(vip.name()))
                .map(Map.Entry::getValue);
    }

    private Plan.VipPlan asItIs() {
        Map<TableKey, TableSpec> tables = new TreeMap<>(plane.applied().tables());
        tables.keySet().removeIf(key -> !key.vip().equals(vip.name()));
        Map<ListenerKey, ListenerSpec> listeners = new TreeMap<>(plane.applied().listeners());
        listeners.values().removeIf(spec -> !spec.table().vip().equals(vip.name()));
        Set<BackendKey> backends = new HashSet<>();
        tables.values().forEach(spec -> backends.addAll(spec.weights().keySet()));
        return new Plan.VipPlan(vip.name(), vip.upstream(), tables, listeners, backends, degraded, true, false);
    }

    private Map<ListenerKey, ListenerSpec> listeners(String method, String algorithm, MethodView view) {
        boolean asConfigured = method.equals(vip.forwarding()) && algorithm.equals(vip.algorithm());
        Map<ListenerKey, ListenerSpec> listeners = new TreeMap<>();
        boolean asks = members.stream().map(Member::endpoint).anyMatch(limited::contains);
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
            degraded.add(method + " must know every connection; they are tracked in full");
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
            degraded.add(IpAddress.format(address) + " is the balancer's own address, which " + method
                    + " (direct server return) cannot serve; add another address as a vip (ebpf.vips), or use nat");
        }
        return refused;
    }

    private void explainListeners(boolean none, Collection<InetAddress> addresses) {
        for (Protocol protocol : Protocol.values()) {
            List<Integer> ports = vip.services().stream()
                    .filter(service -> service.protocol() == protocol && !handled(service)).map(Vip.Service::port).toList();
            if (keptByTheProgram(protocol)) {
                degraded.add("the protocol handler for " + protocol + " is no longer deployed; the running program keeps it");
            }
            if (!ports.isEmpty()) {
                degraded.add("no protocol handler for " + protocol + " is deployed; packets to " + protocol + " ports " + ports
                        + " pass");
            }
        }
        if (none && addresses.isEmpty()) {
            degraded.add("no interface has an address for it; set ebpf.interface or give the vip addresses");
        } else if (none && vip.interfaceAddresses() && plane.own().containsAll(addresses)) {
            degraded.add("the interface has no address but the balancer's own, which direct server return cannot serve; "
                    + "add another one (/32 or /128) or a vip (ebpf.vips), or use nat");
        }
    }

    /** A server that was never reachable counts as such although its probes fail: they cannot but fail. */
    private boolean isResolving(Candidate candidate) {
        boolean unmet = candidate.member().weight() > 0 && plane.nextHops().unmet().contains(candidate.key());
        return unmet || wantsTraffic(candidate) && !plane.nextHops().known(candidate.key());
    }

    private void explainEmpty(Family family, String method, TableSpec spec, List<Candidate> candidates) {
        if (!spec.weights().isEmpty() || spec.algorithm().isEmpty()) {
            return;
        }
        String version = "IPv" + family.version();
        if (candidates.isEmpty()) {
            degraded.add("no backend of upstream " + vip.upstream() + " is reachable over " + version + " by " + method);
            return;
        }
        long resolving = candidates.stream().filter(this::isResolving).count();
        long down = candidates.stream()
                .filter(one -> health.down(one.member()).isPresent() && !isResolving(one)).count();
        degraded.add("no usable backend over " + version + ": " + down + " down, " + resolving + " without a next hop, "
                + (candidates.size() - down - resolving) + " draining");
    }
}
