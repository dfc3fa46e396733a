package io.loom.control.internal;

import static io.loom.control.internal.Fixtures.address;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.api.LoomException;
import io.loom.api.Protocol;
import io.loom.api.config.LoomConfig;
import io.loom.api.config.Upstream;
import io.loom.api.config.Vip;
import io.loom.api.control.HealthReports.Report;
import io.loom.api.control.HealthReports.Target;
import io.loom.api.control.NewBackend;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.Change;
import io.loom.control.dataplane.DataPlane.MethodView;
import io.loom.control.dataplane.KernelState;
import io.loom.control.dataplane.LayeredMap;
import io.loom.control.dataplane.LayeredSet;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What is taken over from the moment before equals what would be made from scratch, whatever has changed. */
class TakenOverTest {
    private static final int STEPS = 1_000;
    private static final Set<Family> BOTH = Set.of(Family.IPV4, Family.IPV6);
    private static final Set<Family> V4 = Set.of(Family.IPV4);

    private final Random random = new Random(20261130);
    private final Planner planner = new Planner();
    private final RuntimeJson json = new RuntimeJson();
    private final Diff diff = new Diff();
    private LayeredMap<Target, Report> reported = LayeredMap.empty();
    private final Set<BackendKey> unresolved = new HashSet<>();
    private final Set<String> methods = new HashSet<>(Set.of("nat", "ipip"));
    private LoomConfig config = config();
    private RuntimeState state = FileMerge.merge(RuntimeState.EMPTY, config).state();
    private Inventory inventory = Inventory.of(config, state);
    private Inventory known = Inventory.EMPTY;
    private Departed departed = Departed.NONE;
    private Health health = Health.UNKNOWN;
    private NextHops hops = new NextHops(Set.of(), Map.of(), Set.of(), Set.of());
    private Drains drains = Drains.NONE;
    private final WideDataPlane kernel = new WideDataPlane();
    private KernelState applied = kernel.applied();
    private long now;

    @Test
    void plansInventoriesAndWhatIsStoredAreThoseFromScratch() {
        for (int step = 0; step < STEPS; step++) {
            step();
            assertEquals(Inventory.of(config, state), inventory);
            assertEquals(new RuntimeJson().write(state), json.write(state));
            departed = departed.next(known, inventory, applied.backends());
            known = inventory;
            health = health.next(reported, applied);
            Plan plan = planner.plan(config, inventory, departed, health, view(), drains, now);
            Health other = Health.UNKNOWN.next(new HashMap<>(reported), applied);
            assertEquals(new Planner().plan(config, inventory, departed, other, view(), drains, now), plan);
            drains = plan.drains();
            List<Change> changes = diff.between(applied, plan.wanted());
            assertEquals(new Diff().between(applied, plan.wanted()), changes);
            apply(changes);
        }
    }

    @Test
    void whatHasNotChangedIsTheSameObject() {
        Plan first = planner.plan(config, inventory, departed, health, view(), drains, now);
        Plan second = planner.plan(config, inventory, departed, health, view(), drains, now);
        first.wanted().tables().forEach((key, spec) -> assertSame(spec, second.wanted().tables().get(key)));
        assertSame(first.vips().get(0).backends().get(0), second.vips().get(0).backends().get(0));
        assertSame(inventory, inventory.with(state.ids().keySet(), config, state));
    }

    private void step() {
        now += random.nextInt(10) == 0 ? Drains.DEADLINE / 2 : 1_000_000;
        switch (random.nextInt(8)) {
            case 0 -> load();
            case 1 -> toggle(methods, "ipip");
            case 2, 3 -> report();
            case 4 -> resolve();
            default -> edit();
        }
    }

    private void load() {
        config = config();
        state = FileMerge.merge(state, config).state();
        inventory = Inventory.of(config, state);
    }

    private void edit() {
        List<Integer> ids = inventory.members().stream().map(Member::id).toList();
        int id = ids.isEmpty() ? 1 : ids.get(random.nextInt(ids.size()));
        RuntimeEdit edit = new RuntimeEdit(config, state, inventory);
        try {
            RuntimeEdit.Edited edited = switch (random.nextInt(3)) {
                case 0 -> edit.add("pool" + random.nextInt(3), new NewBackend(endpoint(), 1 + random.nextInt(3)));
                case 1 -> edit.remove(id);
                default -> edit.weight(id, OptionalInt.of(random.nextInt(3)));
            };
            state = edited.state();
            inventory = inventory.with(Set.of(edited.ref()), config, state);
        } catch (LoomException refused) {
            // Such as a second backend with one address: nothing has changed.
        }
    }

    private void report() {
        List<Target> targets = List.copyOf(inventory.targets().keySet());
        if (!targets.isEmpty()) {
            Target target = targets.get(random.nextInt(targets.size()));
            reported = reported.with(target, new Report(target, random.nextBoolean(), "whatever"));
        }
    }

    private void resolve() {
        List<BackendKey> keys = List.copyOf(applied.backends());
        if (!keys.isEmpty()) {
            toggle(unresolved, keys.get(random.nextInt(keys.size())));
        }
        Map<BackendKey, String> reasons = new HashMap<>();
        unresolved.forEach(key -> reasons.put(key, "no neighbour"));
        Set<BackendKey> recent = new HashSet<>(unresolved);
        recent.removeIf(key -> random.nextBoolean());
        Set<BackendKey> unmet = new HashSet<>(unresolved);
        unmet.removeIf(key -> random.nextBoolean());
        hops = new NextHops(LayeredSet.of(applied.backends()), reasons, recent, unmet);
    }

    private static <T> void toggle(Set<T> set, T element) {
        if (!set.remove(element)) {
            set.add(element);
        }
    }

    /** At times the kernel takes a part only, as when it refuses a table. */
    private void apply(List<Change> changes) {
        int end = random.nextInt(4) == 0 ? random.nextInt(changes.size() + 1) : changes.size();
        changes.subList(0, end).forEach(kernel::apply);
        applied = kernel.applied();
    }

    private PlaneView view() {
        Map<String, MethodView> views = new HashMap<>();
        methods.forEach(name -> views.put(name, new MethodView(true, !name.equals("nat"), name.equals("nat"),
                Map.of(Family.IPV4, name.equals("nat") ? V4 : BOTH, Family.IPV6, BOTH))));
        return new PlaneView(applied, hops, Set.<InetAddress>of(), Set.of(), views, Set.of("maglev"), Set.of(Protocol.TCP), Set.of(Protocol.TCP));
    }

    private LoomConfig config() {
        List<Vip> vips = new ArrayList<>();
        List<Upstream> upstreams = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            String method = random.nextBoolean() ? "nat" : "ipip";
            vips.add(new Vip("web" + i, List.of(address("10.9.0." + i), address("fd09::" + i)), false,
                    List.of(new Vip.Service(Protocol.TCP, 80)), "maglev", 7, method, "pool" + random.nextInt(3), true, Vip.Connections.DEFAULT));
            if (i == 0 || random.nextInt(4) > 0) {
                upstreams.add(upstream("pool" + i));
            }
        }
        vips.removeIf(vip -> upstreams.stream().noneMatch(upstream -> upstream.name().equals(vip.upstream())));
        return Fixtures.config(random.nextInt(10) > 0, vips, upstreams);
    }

    private Upstream upstream(String name) {
        Map<Endpoint, Upstream.Server> servers = new HashMap<>();
        for (int i = random.nextInt(5); i > 0; i--) {
            Endpoint endpoint = endpoint();
            servers.put(endpoint, new Upstream.Server(random.nextInt(3) == 0 ? OptionalInt.of(1 + random.nextInt(20)) : OptionalInt.empty(), endpoint,
                    1 + random.nextInt(3), random.nextInt(4) > 0, random.nextInt(4) == 0 ? 5 : 0));
        }
        return new Upstream(name, List.copyOf(servers.values()), random.nextInt(4) > 0 ? Optional.of(Fixtures.CHECK) : Optional.empty(),
                random.nextBoolean() ? Upstream.OnDown.MOVE : Upstream.OnDown.KEEP);
    }

    private Endpoint endpoint() {
        int low = 1 + random.nextInt(6);
        return new Endpoint(address(random.nextInt(3) == 0 ? "fd00::" + low : "10.0.0." + low), 80 + random.nextInt(2));
    }
}
