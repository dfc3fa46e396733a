package io.loom.datapath.internal;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.datapath.internal.layout.Layouts;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.BpfObject;
import io.loom.libbpf.BpfProgram;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The pinned maps and program of one instance, held by a lock (docs/adr/0002, 0003). A new instance is marked complete once
 * all core maps and the program are pinned; one without the mark is the wreck of a killed process and made anew. Closing
 * releases descriptors and lock, never pins. Thread-safe.
 */
final class Instance implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Instance.class);
    private static final String COMPLETE = "complete";
    /** In loom_meta: the kernel's number of each map that is pinned. Noted after the pin is made, removed before it goes. */
    static final String MAP = "map.";
    /** In loom_meta: the network namespace in which the instance lives. */
    static final String NETNS = "netns";

    private final PinTree pins;
    private final InstanceLock lock;
    private final Meta meta;
    private final boolean adopted;
    private final Map<String, BpfMap> maps = new ConcurrentHashMap<>();
    private volatile int batch = BpfMap.DEFAULT_BATCH;

    private Instance(PinTree pins, InstanceLock lock, Meta meta, boolean adopted) {
        this.pins = pins;
        this.lock = lock;
        this.meta = meta;
        this.adopted = adopted;
    }

    /**
     * Adopts what is pinned, or begins a new instance.
     *
     * @param fallback directory for the lock where /run/loom cannot be written
     * @throws LoomException LOOM-51xx if another process has it or what is pinned does not fit
     */
    static Instance open(Path bpffs, String name, Path fallback) {
        PinTree pins = PinTree.of(bpffs, name);
        InstanceLock lock = InstanceLock.take(bpffs, name, fallback);
        try {
            Optional<Meta> found = completeMeta(pins);
            return found.isPresent() ? adopt(pins, lock, found.get(), name) : create(pins, lock);
        } catch (RuntimeException failure) {
            lock.close();
            throw failure;
        }
    }

    /** loom_meta is the first pin that is made and the last that is removed: others without it are no wreck of a process. */
    private static Optional<Meta> completeMeta(PinTree pins) {
        if (!Files.exists(pins.meta(), LinkOption.NOFOLLOW_LINKS)) {
            int others = allBut(pins.meta(), pins).size();
            if (others > 0) {
                throw incomplete(pins, Meta.NAME + " is gone, " + others + " other pins are there");
            }
            return Optional.empty();
        }
        Meta meta = metaAt(pins);
        if (meta.get(COMPLETE).isPresent()) {
            return Optional.of(meta);
        }
        meta.close();
        return Optional.empty();
    }

    private static Meta metaAt(PinTree pins) {
        try {
            Meta meta = Meta.open(pins.meta());
            meta.get(COMPLETE);
            return meta;
        } catch (RuntimeException another) {
            throw incomplete(pins, Meta.NAME + " is something else: " + another.getMessage());
        }
    }

    private static List<Path> allBut(Path one, PinTree pins) {
        List<Path> all = new ArrayList<>(PinTree.pins(pins.links()));
        all.add(pins.program());
        all.add(pins.nextProgram());
        all.add(pins.formerProgram());
        all.addAll(PinTree.pins(pins.nextMaps()));
        all.addAll(PinTree.pins(pins.maps()));
        all.addAll(PinTree.pins(pins.tables()));
        all.addAll(PinTree.pins(pins.chains()));
        return all.stream().filter(pin -> !pin.equals(one) && Files.exists(pin, LinkOption.NOFOLLOW_LINKS)).toList();
    }

    private static LoomException incomplete(PinTree pins, String why) {
        return new LoomException(Problem.of("LOOM-5106", "what is pinned at " + pins.root() + " is incomplete, and nothing was touched", why,
                "run loomd --detach with the same --bpffs and --instance (connections are lost), then start again, or put the pins back"));
    }

    private static Instance create(PinTree pins, InstanceLock lock) {
        discard(pins);
        pins.createDirectories();
        Meta meta = Meta.create();
        meta.put("abi", String.valueOf(Layouts.ABI_VERSION));
        meta.put("layout", Layouts.hash());
        meta.put(NETNS, networkNamespace());
        meta.pin(pins.meta());
        return new Instance(pins, lock, meta, false);
    }

    /** Removes what a process left that died before its instance was complete, or while it was taken down. */
    private static void discard(PinTree pins) {
        if (Files.exists(pins.meta())) {
            try (Meta meta = Meta.open(pins.meta())) {
                AssignedAddresses addresses = new AssignedAddresses(meta);
                addresses.takeOff(addresses.all()).left().forEach((address, why) -> LOG.warn("left address {}: {}", address, why));
            }
        }
        List<Path> left = new ArrayList<>(allBut(pins.meta(), pins));
        left.add(pins.meta());
        if (left.stream().filter(PinTree::remove).count() > 0) {
            LOG.info("removed the rest of an instance that was never complete at {}", pins.root());
        }
    }

    private static Instance adopt(PinTree pins, InstanceLock lock, Meta meta, String name) {
        try {
            requireEqual(name, "ABI version", meta.get("abi"), String.valueOf(Layouts.ABI_VERSION));
            requireEqual(name, "map layout", meta.get("layout"), Layouts.hash());
            requireEqual(name, "network namespace", meta.get(NETNS), networkNamespace());
            Migration.settle(pins, meta);
            requireAll(pins, meta);
            pins.createDirectories();
            Instance instance = new Instance(pins, lock, meta, true);
            for (Path pin : PinTree.pins(pins.maps())) {
                if (!pin.equals(pins.meta())) {
                    instance.maps.put(pin.getFileName().toString(), BpfMap.open(pin));
                }
            }
            return instance;
        } catch (RuntimeException failure) {
            meta.close();
            throw failure;
        }
    }

    /** The program and every map that was pinned, each the very one: a program in another's place would use the wrong ones. */
    private static void requireAll(PinTree pins, Meta meta) {
        List<String> wrong = new ArrayList<>();
        if (!isProgram(pins.program())) {
            wrong.add(pins.program().getFileName().toString());
        }
        meta.withPrefix(MAP).forEach((map, id) -> {
            if (!id.equals(idAt(pins.map(map)))) {
                wrong.add(map);
            }
        });
        if (!wrong.isEmpty()) {
            throw incomplete(pins, "gone or another one: " + String.join(", ", wrong));
        }
    }

    private static boolean isProgram(Path pin) {
        try {
            BpfProgram.open(pin).close();
            return true;
        } catch (RuntimeException another) {
            return false;
        }
    }

    private static String idAt(Path pin) {
        try {
            return String.valueOf(PinKeeper.mapAt(pin));
        } catch (RuntimeException another) {
            return "";
        }
    }

    private static void requireEqual(String instance, String what, Optional<String> pinned, String ours) {
        if (!pinned.equals(Optional.of(ours))) {
            throw new LoomException(Problem.of(
                    "LOOM-5105", "cannot adopt what instance " + instance + " left in the kernel",
                    "its " + what + " is " + pinned.orElse("unknown") + ", ours is " + ours,
                    "run loomd --detach for this instance first (connections are lost), or use another --instance"));
        }
    }

    static String networkNamespace() {
        try {
            return Files.readSymbolicLink(Path.of("/proc/self/ns/net")).toString();
        } catch (IOException failure) {
            throw new UncheckedIOException("/proc must be mounted", failure);
        }
    }

    PinTree pins() {
        return pins;
    }

    Meta meta() {
        return meta;
    }

    /** True if maps and program were there already. */
    boolean adopted() {
        return adopted;
    }

    /** The pinned program; empty before the first one. The caller closes it. */
    Optional<BpfProgram> pinnedProgram() {
        return Files.exists(pins.program()) ? Optional.of(BpfProgram.open(pins.program())) : Optional.empty();
    }

    /** Lets an object that is not loaded yet use the maps that exist. */
    void lendMaps(BpfObject object) {
        lendMaps(object, Set.of());
    }

    /** @param but those that it makes anew */
    void lendMaps(BpfObject object, Set<String> but) {
        object.mapNames().stream().filter(name -> maps.containsKey(name) && !but.contains(name))
                .forEach(name -> object.reuse(name, maps.get(name)));
    }

    /** From now on these maps are in force; their pins are there already. */
    void replaceMaps(Map<String, BpfMap> next) {
        next.forEach((name, map) -> {
            map.batch(batch);
            BpfMap former = maps.put(name, map);
            if (former != null) {
                former.close();
            }
        });
    }

    /** Pins the maps that a loaded object made; without effect on those that it borrowed. */
    void keepMaps(BpfObject object) {
        for (String name : object.mapNames()) {
            maps.computeIfAbsent(name, absent -> {
                BpfMap map = object.map(name);
                map.pin(pins.map(name));
                meta.put(MAP + name, String.valueOf(map.id()));
                map.batch(batch);
                return map;
            });
        }
    }

    /** How many entries are read in one system call. */
    void batch(int entries) {
        batch = entries;
        maps.values().forEach(map -> map.batch(entries));
    }

    /** Unpins a map; the program that runs may still use it, the next one makes another. */
    void giveUp(String map) {
        meta.remove(MAP + map);
        PinTree.remove(pins.map(map));
        maps.remove(map).close();
    }

    /** From now on the instance is worth adopting. */
    void markComplete() {
        meta.put(COMPLETE, "yes");
    }

    /** From now on it is not: it is being taken down. */
    static void markIncomplete(Meta meta) {
        meta.remove(COMPLETE);
    }

    /** @throws IllegalStateException if no program that was loaded so far has such a map */
    BpfMap map(String name) {
        BpfMap map = maps.get(name);
        if (map == null) {
            throw new IllegalStateException("there is no map " + name);
        }
        return map;
    }

    /** Empty if no program that was loaded so far has such a map: one that an earlier version loaded may not have it. */
    Optional<BpfMap> knownMap(String name) {
        return Optional.ofNullable(maps.get(name));
    }

    /** What must be pinned of it, loom_meta included. */
    List<PinKeeper.Held> held() {
        List<PinKeeper.Held> held = new ArrayList<>();
        held.add(PinKeeper.Held.map(pins.meta(), meta.map()));
        maps.forEach((name, map) -> held.add(PinKeeper.Held.map(pins.map(name), map)));
        return held;
    }

    /** All maps but loom_meta, by name. */
    Map<String, BpfMap> maps() {
        return new TreeMap<>(maps);
    }

    @Override
    public void close() {
        maps.values().forEach(BpfMap::close);
        meta.close();
        lock.close();
    }
}
