package io.loom.datapath.internal;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.datapath.Composition;
import io.loom.datapath.MethodMaps;
import io.loom.datapath.Tuning;
import io.loom.datapath.internal.layout.BackendEntry;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.BpfObject;
import io.loom.libbpf.BpfProgram;
import io.loom.libbpf.MapPlan;
import io.loom.libbpf.XdpLink;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts maps of other sizes or types in the place of those of an adopted instance, while its program forwards
 * (docs/adr/0030-maps-of-another-size.md). Order: new maps and a program on them, pinned aside; their content copied; a mark in loom_meta;
 * the program put on the links; what changed since copied; pins moved into place. A process may die between any two steps.
 */
final class Migration {
    private static final Logger LOG = LoggerFactory.getLogger(Migration.class);
    /** In loom_meta: the maps below maps_next hold everything, and are in force as soon as a link has their program. */
    private static final String MARK = "migration";
    /** How long the bundles of the program in force may take to start. */
    private static final long PATIENCE_NANOS = 10_000_000_000L;
    private static final long POLL_MILLIS = 50;
    /** A clock may be late by that when the second copy asks what is new. */
    private static final int MARGIN_TICKS = 2;

    /** A family's connections, and then their pairs: each waits for its own alone. */
    private static final Comparator<String> BY_FAMILY =
            Comparator.comparing((String name) -> name.charAt(name.length() - 1)).thenComparing(Comparator.naturalOrder());

    private final Instance instance;
    private final ProgramStore store;
    private final Programs programs;
    private final KernelClock clock;

    Migration(Instance instance, ProgramStore store, Programs programs, KernelClock clock) {
        this.instance = instance;
        this.store = store;
        this.programs = programs;
        this.clock = clock;
    }

    /** Ends what a process began that died: forwards if a link has the new program, which then works with the new maps; else back. */
    static void settle(PinTree pins, Meta meta) {
        List<Path> next = PinTree.pins(pins.nextMaps());
        boolean marked = meta.get(MARK).isPresent();
        if (marked && (!Files.exists(pins.nextProgram()) || isInForce(pins))) {
            LOG.info("maps of other sizes were nearly in place when a process died: they are now");
            commit(pins, meta);
        } else if (marked || !next.isEmpty()) {
            LOG.info("maps of other sizes were not in place when a process died: the former ones stay");
            next.forEach(PinTree::remove);
            meta.remove(MARK);
        }
        PinTree.remove(pins.nextMaps());
    }

    /** Whether any frame meets the program that is about to replace the pinned one. */
    private static boolean isInForce(PinTree pins) {
        int wanted;
        try (BpfProgram next = BpfProgram.open(pins.nextProgram())) {
            wanted = next.id();
        }
        for (Path pin : PinTree.pins(pins.links())) {
            try (XdpLink link = XdpLink.open(pin)) {
                if (link.info().programId() == wanted) {
                    return true;
                }
            }
        }
        return PinTree.pins(pins.chains()).stream().filter(pin -> pin.getFileName().toString().endsWith("_array"))
                .anyMatch(pin -> leadsTo(pin, wanted));
    }

    private static boolean leadsTo(Path array, int program) {
        try (BpfMap chain = BpfMap.open(array)) {
            for (int i = 0; i < chain.maxEntries(); i++) {
                if (chain.lookup(Keys.of(i)).map(Keys::number).equals(Optional.of(program))) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Everything is in force; the pins follow. Can be done again from any point. */
    private static void commit(PinTree pins, Meta meta) {
        if (Files.exists(pins.nextProgram())) {
            PinTree.remove(pins.formerProgram());
            try (BpfProgram former = BpfProgram.open(pins.program())) {
                former.pin(pins.formerProgram());
            }
        }
        for (Path map : PinTree.pins(pins.nextMaps())) {
            // Noted first: a start that finds it noted and not in place comes here again.
            meta.put(Instance.MAP + map.getFileName(), String.valueOf(PinKeeper.mapAt(map)));
            pins.promoteNextMap(map);
        }
        if (Files.exists(pins.nextProgram())) {
            pins.promoteNextProgram();
        }
        meta.remove(MARK);
        PinTree.remove(pins.nextMaps());
    }

    /**
     * Does it, if the file wants it.
     *
     * @param links puts another program where the present one runs
     * @return what was lost, or why nothing was done
     */
    List<Problem> run(Consumer<BpfProgram> links) {
        boolean wanted = MapSizes.differences(instance.maps(), programs.tuning(), instance.meta().get(MapSizes.REPLACED)).stream()
                .anyMatch(problem -> problem.code().equals("LOOM-1220"));
        if (!wanted) {
            return List.of();
        }
        try {
            return bundlesAreThere() ? migrate(links) : List.of(stays(
                    "the program that runs has methods or protocol handlers whose bundles are missing", "put them back and restart loomd"));
        } catch (LoomException failure) {
            LOG.error("maps of other sizes or types cannot be made; what runs stays", failure);
            settle(instance.pins(), instance.meta());
            Problem cause = failure.problems().get(0);
            return List.of(stays(cause.code() + " " + cause.what() + ": " + cause.why(), cause.fix()));
        }
    }

    private static Problem stays(String why, String fix) {
        return Problem.of("LOOM-1298", "the maps in the kernel stay as they are", why, fix);
    }

    private List<Problem> migrate(Consumer<BpfProgram> links) {
        Set<Integer> slots = slots();
        Optional<Workshop.Product> product = programs.anew(slots::contains);
        if (product.isEmpty()) {
            return List.of(stays("the program cannot be made again", "see the other problems"));
        }
        Composition composition = product.get().composition().orElseThrow();
        Stopwatch watch = new Stopwatch();
        int tick = clock.tick();
        Map<String, BpfMap> next = new TreeMap<>();
        Map<String, byte[]> sources = new TreeMap<>();
        BpfProgram program = load(composition, next, sources);
        MapCopy copy = new MapCopy(composition, Opening.seed(instance.meta()), programs.tuning().expiry(), instance::map, sources);
        try {
            pin(program, next);
            watch.lap("the program and its maps");
            next.forEach((name, map) -> copy.all(instance.map(name), map, clock.tick()));
            watch.lap("the copy");
            store.writeSlots(product.get().slots());
            store.writeProtocols(composition);
            instance.meta().put(MARK, "copied");
            int copied = clock.tick();
            refresh(copy, next, tick);
            watch.lap("what was new");
            links.accept(program);
            refresh(copy, next, copied);
            watch.lap("what was new behind the links");
        } catch (RuntimeException failure) {
            next.values().forEach(BpfMap::close);
            program.close();
            throw failure;
        }
        commit(instance.pins(), instance.meta());
        store.note(program, composition);
        store.discardHalves();
        instance.replaceMaps(next);
        programs.replaced(program, product.get());
        return report(next.keySet(), copy, watch);
    }

    /** How long the steps took. */
    private static final class Stopwatch {
        private final long began = System.nanoTime();
        private long last = began;
        private final StringBuilder laps = new StringBuilder();

        void lap(String step) {
            long now = System.nanoTime();
            laps.append(laps.length() == 0 ? "" : ", ").append(step).append(' ').append((now - last) / 1_000_000).append(" ms");
            last = now;
        }

        @Override
        public String toString() {
            return (System.nanoTime() - began) / 1_000_000 + " ms (" + laps + ")";
        }
    }

    /**
     * Once before the links, which shortens the second time: until that is over, connections that are new are unknown.
     *
     * @param tick when the copy before began
     */
    private void refresh(MapCopy copy, Map<String, BpfMap> next, int tick) {
        next.keySet().stream().sorted(BY_FAMILY)
                .forEach(name -> copy.since(instance.map(name), next.get(name), clock.tick(), clock.tick() - tick + MARGIN_TICKS));
    }

    private static List<Problem> report(Set<String> maps, MapCopy copy, Stopwatch watch) {
        LOG.info("maps {} are of another size or type now: {} connections taken along, {} not, in {}",
                maps, copy.kept(), copy.dropped(), watch);
        return copy.dropped() == 0 ? List.of() : List.of(Problem.of(
                "LOOM-1297", "the new connection table had no room for " + copy.dropped() + " connections",
                "those that are not established went first; " + copy.kept() + " were taken along",
                "increase ebpf.maps.connections.max_entries; this note lasts until the next start"));
    }

    private boolean bundlesAreThere() {
        long end = System.nanoTime() + PATIENCE_NANOS;
        while (programs.isWaitingForMethods() && System.nanoTime() < end) {
            try {
                Thread.sleep(POLL_MILLIS);
            } catch (InterruptedException stopping) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
        return !programs.isWaitingForMethods();
    }

    /** Those that backends refer to. */
    private Set<Integer> slots() {
        Set<Integer> used = new HashSet<>();
        instance.map("loom_backends").forEach((key, value) -> BackendEntry.decode(value).ifPresent(entry -> used.add(entry.slot())));
        return used;
    }

    /**
     * @param made    gets the maps that differ from those in force
     * @param sources gets the constants that hold addresses which connections name
     */
    private BpfProgram load(Composition composition, Map<String, BpfMap> made, Map<String, byte[]> sources) {
        try (BpfObject object = composition.open(Map.of())) {
            fitPairs(object);
            Set<String> differing = differing(object);
            instance.lendMaps(object, differing);
            Set<String> present = new HashSet<>(instance.maps().keySet());
            present.removeAll(differing);
            MapMemory.require(object, present);
            instance.maps().keySet().stream().filter(name -> name.matches(".*_pairs[46]")).map(name -> name.replace("_pairs", "_sources"))
                    .forEach(name -> object.constant(name).ifPresent(value -> sources.put(name, value)));
            object.load();
            differing.forEach(name -> made.put(name, object.map(name)));
            instance.keepMaps(object);
            return object.program(Composition.PROGRAM);
        }
    }

    /** Larger tables of pairs have a multiple of the groups, so that each pair has a place of its own; smaller ones stay as they are. */
    private void fitPairs(BpfObject object) {
        for (String name : object.mapNames()) {
            BpfMap there = instance.maps().get(name);
            if (there != null && MethodMaps.pairs(name, object.mapType(name))) {
                int wanted = object.plan(name).maxEntries();
                // The quarter above the connections may be missing: a table twice as large for a few more is not worth it.
                int factor = wanted <= there.maxEntries() * 5L / 4 ? 1 : (wanted + there.maxEntries() - 1) / there.maxEntries();
                object.resize(name, there.maxEntries() * factor);
                object.setConstant(MethodMaps.groups(name), Keys.of(there.maxEntries() * factor / Tuning.Connections.GROUP));
            }
        }
    }

    private Set<String> differing(BpfObject object) {
        Set<String> differing = object.mapNames().stream().filter(name -> differs(object.plan(name))).collect(Collectors.toSet());
        int highest = highestBackend();
        if (highest >= object.plan("loom_backends").maxEntries()) {
            LOG.warn("ebpf.maps.backends.max_entries: backend number {} is in use; their maps stay as they are", highest);
            differing.removeAll(Composition.OF_BACKENDS);
        }
        return differing;
    }

    private boolean differs(MapPlan plan) {
        BpfMap there = instance.maps().get(plan.name());
        return there != null && (there.maxEntries() != plan.maxEntries() || there.type() != plan.type());
    }

    private int highestBackend() {
        int[] highest = {0};
        instance.map("loom_backends").forEach((key, value) -> BackendEntry.decode(value)
                .ifPresent(entry -> highest[0] = Math.max(highest[0], Keys.number(key))));
        return highest[0];
    }

    private void pin(BpfProgram program, Map<String, BpfMap> next) {
        PinTree pins = instance.pins();
        PinTree.pins(pins.nextMaps()).forEach(PinTree::remove);
        pins.createNextMaps();
        next.forEach((name, map) -> map.pin(pins.nextMaps().resolve(name)));
        PinTree.remove(pins.nextProgram());
        program.pin(pins.nextProgram());
    }
}
