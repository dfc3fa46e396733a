package io.loom.control.internal;

import static io.loom.control.internal.Fixtures.address;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.api.LoomException;
import io.loom.api.Protocol;
import io.loom.api.config.LoomConfig;
import io.loom.api.control.BackendView;
import io.loom.api.control.HealthReports.Report;
import io.loom.api.control.HealthReports.Target;
import io.loom.api.control.NewBackend;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.DataPlane.MethodView;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;

/** What may happen to a control plane, at random, each event with words for it. */
final class RandomEvents {
    private static final Map<Family, Set<Family>> OWN = Map.of(Family.IPV4, Set.of(Family.IPV4), Family.IPV6, Set.of(Family.IPV6));
    private static final Map<Family, Set<Family>> ANY =
            Map.of(Family.IPV4, Set.of(Family.values()), Family.IPV6, Set.of(Family.values()));
    private static final Map<String, MethodView> METHODS = Map.of("nat", new MethodView(true, false, true, OWN),
            "ipip", new MethodView(true, true, false, ANY), "l2", new MethodView(true, true, false, OWN));

    final FakeDataPlane plane = plane();
    final Bench bench;
    LoomConfig config;
    private final Random random;

    RandomEvents(Path data, Random random) {
        this.bench = new Bench(data, plane);
        this.random = random;
    }

    static FakeDataPlane plane() {
        FakeDataPlane made = new FakeDataPlane();
        made.tablesStay = true;
        made.methods.putAll(METHODS);
        made.algorithms.add("weighted");
        return made;
    }

    String next() {
        return switch (random.nextInt(18)) {
            case 0, 1 -> load();
            case 2, 3, 4, 5 -> edit();
            case 6, 7, 8 -> report();
            case 9, 10 -> hop();
            case 11 -> refuse();
            case 12 -> method();
            case 13 -> algorithm();
            case 14 -> build();
            case 15 -> host();
            default -> time();
        };
    }

    String load() {
        config = new RandomConfig(random).next();
        plane.refusesConfiguration = random.nextInt(6) == 0;
        bench.load(config);
        String words = "load " + config.vips() + " " + config.upstreams() + (plane.refusesConfiguration ? " refused" : "");
        plane.refusesConfiguration = false;
        return words;
    }

    private String edit() {
        List<BackendView> backends = bench.seen.backends();
        int id = backends.isEmpty() ? 1 : any(backends).id();
        String upstream = "pool" + random.nextInt(4);
        Endpoint endpoint = RandomConfig.endpoint(random);
        int weight = random.nextInt(3);
        int kind = random.nextInt(3);
        bench.disk.full = random.nextInt(8) == 0;
        String words = List.of("add " + upstream + " " + endpoint + " " + weight, "remove " + id, "weight " + id + " " + weight).get(kind);
        try {
            bench.change(edit -> switch (kind) {
                case 0 -> edit.add(upstream, new NewBackend(endpoint, weight));
                case 1 -> edit.remove(id);
                default -> edit.weight(id, OptionalInt.of(weight));
            });
            return words;
        } catch (LoomException refused) {
            return words + ": " + refused.getMessage();
        } finally {
            bench.disk.full = false;
        }
    }

    private String report() {
        List<Target> targets = bench.probes.targets.keySet().stream().sorted(Comparator.comparing(Target::toString)).toList();
        if (targets.isEmpty()) {
            return "nobody is probed";
        }
        Report report = new Report(any(targets), random.nextBoolean(), "whatever");
        bench.probes.tell(report);
        bench.round();
        return report.toString();
    }

    private String hop() {
        List<BackendKey> keys = plane.resolving.stream().sorted().toList();
        if (keys.isEmpty()) {
            return "no next hops";
        }
        toggle(plane.unknownHops, any(keys));
        bench.round();
        return "without next hop: " + plane.unknownHops;
    }

    /** From some change on, but not all of them; or the end of a kind of changes; or once with what is no refusal. */
    private String refuse() {
        int[] left = {1 + random.nextInt(6), 1 + random.nextInt(5)};
        boolean changes = random.nextInt(3) > 0;
        boolean flushes = random.nextInt(3) == 0;
        plane.refused = change -> changes && --left[0] <= 0 && left[0] % 2 == 0;
        plane.onFlush = () -> {
            if (flushes && --left[1] == 0) {
                throw FakeDataPlane.refusal();
            }
        };
        if (random.nextInt(4) == 0) {
            plane.bug = Optional.of(new IllegalStateException("a bug"));
            bench.round();
            plane.bug = Optional.empty();
        }
        return "refuses from change " + left[0] + " " + changes + ", at flush " + left[1] + " " + flushes;
    }

    /** Its bundle goes, the program keeps it or not; or comes back. */
    private String method() {
        String name = any(List.of("nat", "ipip", "l2"));
        MethodView view = METHODS.get(name);
        MethodView before = plane.methods.remove(name);
        if (before == null || random.nextBoolean()) {
            plane.methods.put(name, new MethodView(before == null, view.direct(), view.stateful(), view.pairs()));
        }
        bench.round();
        return "methods " + plane.methods;
    }

    private String algorithm() {
        toggle(plane.algorithms, any(List.of("maglev", "weighted")));
        bench.round();
        return "algorithms " + plane.algorithms;
    }

    private String build() {
        String vip = "web" + random.nextInt(4);
        if (plane.unbuilt.remove(vip) == null) {
            plane.unbuilt.put(vip, random.nextBoolean());
        }
        bench.round();
        return "not built: " + plane.unbuilt;
    }

    private String host() {
        if (random.nextBoolean()) {
            toggle(plane.protocols, Protocol.UDP);
            toggle(plane.gone, any(List.of(Protocol.values())));
        } else {
            toggle(plane.addresses, address("10.8.0." + random.nextInt(3)));
            toggle(bench.own, address("10.8.0." + random.nextInt(3)));
        }
        bench.round();
        return "protocols " + plane.protocols + " without " + plane.gone + ", addresses " + plane.addresses + ", own " + bench.own;
    }

    private String time() {
        Duration time = Duration.ofMillis(random.nextInt(4_000));
        boolean busy = random.nextBoolean();
        if (busy) {
            bench.stall(time);
        } else {
            bench.pass(time);
        }
        return (busy ? "busy for " : "idle for ") + time;
    }

    /** The kernel takes everything again. */
    void allow() {
        plane.refused = change -> false;
        plane.onFlush = () -> {};
    }

    /** Whatever has gone is there again. */
    void mend() {
        FakeDataPlane whole = plane();
        plane.methods.putAll(whole.methods);
        plane.algorithms.addAll(whole.algorithms);
        plane.protocols.addAll(whole.protocols);
        plane.gone.clear();
        plane.unbuilt.clear();
    }

    private <T> T any(List<T> list) {
        return list.get(random.nextInt(list.size()));
    }

    private static <T> void toggle(Set<T> set, T element) {
        if (!set.remove(element)) {
            set.add(element);
        }
    }
}
