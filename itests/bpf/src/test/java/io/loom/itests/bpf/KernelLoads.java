package io.loom.itests.bpf;

import io.loom.api.LoomException;
import io.loom.api.Protocol;
import io.loom.api.plugin.ForwardingMethod;
import io.loom.datapath.Composer;
import io.loom.datapath.Composition;
import io.loom.datapath.SlottedMethod;
import io.loom.datapath.Tuning;
import io.loom.datapath.Tuning.Connections.Kind;
import io.loom.forward.ipip.IpipForwarding;
import io.loom.libbpf.BpfObject;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * Loads every object in every combination that the data path can link: each set of methods with each connection table, each
 * method in each slot, each set of protocol handlers, and the objects that are programs of their own.
 */
final class KernelLoads {
    private static final int SLOTS = 8;

    /**
     * @param objects  that are in it
     * @param verified instructions that the verifier followed; 0 if it was refused
     * @param refusal  code and reason; empty if it loads
     */
    record Load(String name, Set<String> objects, long verified, String refusal) {
        boolean works() {
            return refusal.isEmpty();
        }
    }

    private final List<Load> loads = new ArrayList<>();

    List<Load> all() throws IOException {
        for (Kind table : List.of(Kind.CACHE, Kind.LRU_HASH)) {
            everySet(table);
        }
        load(Kind.HASH, inSlots(0, Linked.methods()), Linked.handlers()); // the object of lru_hash, another type of map
        Kind table = works(Kind.CACHE) ? Kind.CACHE : Kind.LRU_HASH;
        for (int first = 1; first < SLOTS; first++) {
            load(table, inSlots(first, Linked.methods()), Linked.handlers());
        }
        for (Protocol protocol : Linked.handlers().keySet()) {
            load(table, inSlots(0, List.of(new IpipForwarding())), new TreeMap<>(Map.of(protocol, Linked.handlers().get(protocol))));
        }
        alone("nexthop", Composer.object("nexthop"));
        alone("before", Composer.object("before"));
        alone("decap", decap());
        return loads;
    }

    /** Whether all methods fit into a program with this table. */
    boolean works(Kind table) {
        return loads.stream().anyMatch(load -> load.works() && load.name().equals(name(table, inSlots(0, Linked.methods()))));
    }

    private void everySet(Kind table) {
        List<ForwardingMethod> methods = Linked.methods();
        for (int set = 0; set < 1 << methods.size(); set++) {
            List<ForwardingMethod> chosen = new ArrayList<>();
            for (int i = 0; i < methods.size(); i++) {
                if ((set & 1 << i) != 0) {
                    chosen.add(methods.get(i));
                }
            }
            load(table, inSlots(0, chosen), Linked.handlers());
        }
    }

    private static List<SlottedMethod> inSlots(int first, List<ForwardingMethod> methods) {
        List<SlottedMethod> slotted = new ArrayList<>();
        for (ForwardingMethod method : methods) {
            slotted.add(SlottedMethod.of((first + slotted.size()) % SLOTS, method));
        }
        return slotted;
    }

    private void load(Kind table, List<SlottedMethod> methods, SortedMap<Protocol, byte[]> handlers) {
        Tuning tuning = Tuning.small(Linked.HZ).withConnections(new Tuning.Connections(1024, table));
        Set<String> objects = new HashSet<>(Set.of(object(table)));
        methods.forEach(method -> objects.add(method.name()));
        handlers.keySet().forEach(protocol -> objects.add(protocol.name().toLowerCase(Locale.ROOT)));
        Composition composition = Composer.builtIn().compose(methods, handlers, tuning);
        load(name(table, methods), objects, () -> composition.open(Map.of()));
    }

    static String object(Kind table) {
        return table == Kind.CACHE ? "core_cache" : "core_hash";
    }

    private static String name(Kind table, List<SlottedMethod> methods) {
        StringBuilder name = new StringBuilder(table.name().toLowerCase(Locale.ROOT));
        methods.forEach(method -> name.append(' ').append(method.slot()).append(':').append(method.name()));
        return name.toString();
    }

    private void alone(String name, byte[] object) {
        load(name, Set.of(name), () -> BpfObject.open(name, object));
    }

    private static byte[] decap() throws IOException {
        try (InputStream elf = IpipForwarding.class.getResourceAsStream("/bpf/decap.bpf.o")) {
            return elf.readAllBytes();
        }
    }

    private void load(String name, Set<String> objects, Supplier<BpfObject> open) {
        Load load;
        try (BpfObject object = open.get()) {
            load = new Load(name, objects, object.loadCounted().instructions(), "");
        } catch (LoomException refused) {
            load = new Load(name, objects, 0, refused.problems().get(0).code() + " " + refused.problems().get(0).why());
        }
        loads.add(load);
        System.out.println("load " + load.name() + ": " + (load.works() ? load.verified() + " instructions" : load.refusal()));
    }
}
