package io.loom.datapath.internal;

import io.loom.api.Protocol;
import io.loom.datapath.Composition;
import io.loom.datapath.MethodMaps;
import io.loom.datapath.SlottedMethod;
import io.loom.datapath.Tuning;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.BpfObject;
import io.loom.libbpf.BpfProgram;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The pinned program of an instance and what loom_meta says of it. Order of a replacement, so that a process can die between
 * any two steps: slots into loom_meta, new program pinned aside, links, pin moved into place, fingerprint into loom_meta.
 */
final class ProgramStore {
    private static final String SLOT = "slot.";
    private static final String PROGRAM = "program";
    private static final String PROTOCOLS = "protocols";

    private static final Logger LOG = LoggerFactory.getLogger(ProgramStore.class);

    private final Instance instance;
    private final MethodMapLayouts layouts;

    ProgramStore(Instance instance) {
        this.instance = instance;
        this.layouts = new MethodMapLayouts(instance);
    }

    /** @throws MethodRefused if the method cannot work with the maps that are pinned */
    void requireFit(SlottedMethod method, boolean used) {
        layouts.require(method, used);
    }

    /** The tuning with the connection table that is there: another kind or size needs a new one. */
    Tuning fit(Tuning wanted) {
        BpfMap there = instance.maps().get("loom_conns4");
        return there == null ? wanted : wanted.withConnections(Tuning.Connections.of(there));
    }

    /** The tuning for tables that are made anew: the cache only where this kernel takes it. */
    Tuning anew(Tuning wanted) {
        boolean replaced = wanted.connections().isCache() && instance.meta().get(MapSizes.REPLACED).isPresent();
        return replaced ? wanted.withConnections(
                new Tuning.Connections(wanted.connections().maxEntries(), Tuning.Connections.Kind.LRU_HASH)) : wanted;
    }

    /** True until the first program is loaded. */
    boolean isEmpty() {
        return !instance.maps().containsKey("loom_conns4");
    }

    /** Notes for the life of the maps that the connection table is another than the one that is configured, and why. */
    void replaceTable(RuntimeException refusal) {
        LOG.warn("the connection table becomes an lru_hash: {}", refusal.getMessage());
        instance.meta().put(MapSizes.REPLACED, System.getProperty("os.version"));
    }

    /** Loads the composition on the instance's maps; maps that it adds are pinned. */
    BpfProgram load(Composition composition) {
        composition.methods().values().forEach(layouts::adopt);
        try (BpfObject object = composition.open(Map.of())) {
            instance.lendMaps(object);
            fitPairs(object);
            MapMemory.require(object, instance.maps().keySet());
            object.load();
            instance.keepMaps(object);
            return object.program(Composition.PROGRAM);
        }
    }

    /** A table of pairs that exists has the groups that it has: it does not become smaller, and larger by whole multiples. */
    private void fitPairs(BpfObject object) {
        instance.maps().forEach((name, map) -> {
            if (MethodMaps.pairs(name, map.type()) && object.hasConstant(MethodMaps.groups(name))) {
                object.setConstant(MethodMaps.groups(name), Keys.of(map.maxEntries() / Tuning.Connections.GROUP));
            }
        });
    }

    /** Notes what the program was made from, once it is in force. */
    void note(BpfProgram program, Composition composition) {
        writeFingerprint(program, composition.fingerprint());
    }

    /**
     * Puts the program in the place of the pinned one, on all links as well. The slots become those of the composition.
     *
     * @param links puts it there
     */
    void replace(BpfProgram next, SlotBook slots, Composition composition, Consumer<BpfProgram> links) {
        writeSlots(slots);
        writeProtocols(composition);
        PinTree pins = instance.pins();
        PinTree.remove(pins.nextProgram());
        next.pin(pins.nextProgram());
        try {
            links.accept(next);
        } catch (RuntimeException failure) {
            PinTree.remove(pins.nextProgram());
            throw failure;
        }
        pins.promoteNextProgram();
        writeFingerprint(next, composition.fingerprint());
    }

    /** The first program of an instance. */
    void begin(BpfProgram first, SlotBook slots, Composition composition) {
        writeSlots(slots);
        writeProtocols(composition);
        first.pin(instance.pins().program());
        writeFingerprint(first, composition.fingerprint());
        instance.markComplete();
    }

    /** Programs that were about to replace the pinned one, or to be replaced by it, when their process died. The caller closes them. */
    List<BpfProgram> halves() {
        return Stream.of(instance.pins().nextProgram(), instance.pins().formerProgram()).filter(Files::exists).map(BpfProgram::open).toList();
    }

    void discardHalves() {
        PinTree.remove(instance.pins().nextProgram());
        PinTree.remove(instance.pins().formerProgram());
    }

    private void writeFingerprint(BpfProgram program, String fingerprint) {
        instance.meta().put(PROGRAM, program.id() + " " + fingerprint);
    }

    /** Of the inputs that a program was made from; empty if loom_meta speaks of another program. */
    String fingerprint(BpfProgram program) {
        String prefix = program.id() + " ";
        return instance.meta().get(PROGRAM)
                .filter(text -> text.startsWith(prefix))
                .map(text -> text.substring(prefix.length()))
                .orElse("");
    }

    void writeSlots(SlotBook slots) {
        instance.meta().withPrefix(SLOT).keySet().stream()
                .filter(slot -> slots.method(Integer.parseInt(slot)).isEmpty())
                .forEach(slot -> instance.meta().remove(SLOT + slot));
        slots.slots().forEach((slot, method) -> instance.meta().put(SLOT + slot, method.text()));
    }

    /** Notes which protocols the program handles. */
    void writeProtocols(Composition composition) {
        instance.meta().put(PROTOCOLS, composition.protocols().values().stream().map(Protocol::name).collect(Collectors.joining(" ")));
    }

    /** Protocols that the pinned program handles. */
    Set<Protocol> protocols() {
        return instance.meta().get(PROTOCOLS).stream().flatMap(text -> Arrays.stream(text.split(" ")))
                .filter(name -> !name.isEmpty()).map(Protocol::valueOf).collect(Collectors.toSet());
    }

    SlotBook slots() {
        Map<Integer, MethodFacts> slots = new HashMap<>();
        instance.meta().withPrefix(SLOT)
                .forEach((slot, text) -> slots.put(Integer.valueOf(slot), MethodFacts.parse(text)));
        return new SlotBook(slots);
    }
}
