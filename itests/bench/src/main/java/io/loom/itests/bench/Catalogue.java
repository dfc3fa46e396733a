package io.loom.itests.bench;

import io.loom.api.Family;
import io.loom.api.Protocol;
import io.loom.datapath.internal.layout.ListenerEntry.Flag;
import io.loom.itests.bench.Reference.Figure;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** All cases with their goals, none of them prepared yet. Flags of listeners are those that loom-datapath gives them. */
final class Catalogue {
    /** Connections that begin to fill a table, for each of its entries: a cache has two ways for each. */
    private static final int CACHE_FILLING = 4;
    private static final int HASH_FILLING = 2;
    private static final Set<Flag> FULL_TRACKING = Set.of(Flag.DEFER);
    private static final Set<Flag> MINIMAL_TRACKING = Set.of(Flag.MINIMAL);

    private final Stages stages;
    private final Arguments arguments;
    private final List<Entry> entries = new ArrayList<>();

    /** A case to be. */
    record Entry(String name, Optional<Goal> goal, Supplier<Case> maker) {
    }

    private Catalogue(Stages stages, Arguments arguments) {
        this.stages = stages;
        this.arguments = arguments;
    }

    /** Those whose names the arguments ask for. */
    static List<Entry> of(Stages stages, Arguments arguments) {
        Catalogue catalogue = new Catalogue(stages, arguments);
        for (Family family : Family.values()) {
            Lazy<Stage> full = catalogue.filled(stages.full, CACHE_FILLING, family);
            catalogue.cache(family, full);
            catalogue.lruHash(family);
            catalogue.minimal(family, full);
            catalogue.nat(family, full);
            catalogue.others(family);
        }
        return catalogue.entries.stream().filter(entry -> entry.name.contains(arguments.only())).toList();
    }

    private void cache(Family family, Lazy<Stage> full) {
        Lazy<Vip> vip = vip(stages.direct, "ipip", "ipip", family, Protocol.TCP, FULL_TRACKING);
        Lazy<Vip> busy = vip(full, "ipip", "ipip", family, Protocol.TCP, FULL_TRACKING);
        established("ipip", vip, family, 0.60, 0.75, 0.50);
        arriving("ipip", busy, family, 0.10, 0.30, 0.30);
        if (fitting().contains(Population.MANY)) {
            add(prefix("ipip", family) + "mix_90_10", Optional.empty(), () -> busy.get().mixed(Population.MANY));
        }
    }

    private void lruHash(Family family) {
        Lazy<Stage> full = filled(stages.fullLruHash, HASH_FILLING, family);
        established("ipip_lru_hash", vip(stages.lruHash, "ipip_lru_hash", "ipip", family, Protocol.TCP, FULL_TRACKING),
                family, 0.85, 1.0, 0.95);
        arriving("ipip_lru_hash", vip(full, "ipip_lru_hash", "ipip", family, Protocol.TCP, FULL_TRACKING),
                family, 0.95, 0.95, 0.90);
    }

    private void minimal(Family family, Lazy<Stage> full) {
        Lazy<Vip> vip = vip(stages.direct, "ipip_minimal", "ipip", family, Protocol.TCP, MINIMAL_TRACKING);
        Lazy<Vip> busy = vip(full, "ipip_minimal", "ipip", family, Protocol.TCP, MINIMAL_TRACKING);
        established("ipip_minimal", vip, family, 0.60, 0.35, 0.25);
        add(prefix("ipip_minimal", family) + "new_full", goal(Figure.NEW, family, 0.10),
                () -> busy.get().arriving("new_full", Flows.SYN, 0, arguments.packets()));
        add(prefix("ipip_minimal", family) + "miss_full", goal(Figure.MISS, family, 0.10),
                () -> busy.get().arriving("miss_full", Flows.ACK, 0, arguments.packets()));
    }

    private void nat(Family family, Lazy<Stage> full) {
        Lazy<Vip> vip = vip(stages.nat, "nat", "nat", family, Protocol.TCP, Set.of());
        Lazy<Vip> busy = vip(full, "nat", "nat", family, Protocol.TCP, Set.of());
        established("nat", vip, family, 0.60, 0.80, 0.50);
        Map<Population, Double> ratios = ratios(0.40, 0.60, 0.40);
        fitting().forEach(population -> add(prefix("nat", family) + "reply_" + population.label,
                goal(population.figure, family, ratios.get(population)), () -> vip.get().replies(population)));
        add(prefix("nat", family) + "new_full", goal(Figure.NEW, family, 0.60),
                () -> busy.get().arriving("new_full", Flows.SYN, 1, natPackets()));
    }

    /** A quarter of what there is room for: translations stay, and those of all rounds shall find theirs at once. */
    private int natPackets() {
        return Math.max(1, Math.min(arguments.packets(), arguments.entries() / arguments.rounds()) / 4);
    }

    private void others(Family family) {
        Lazy<Vip> udp = vip(stages.direct, "ipip_udp", "ipip", family, Protocol.UDP, Set.of());
        Lazy<Vip> gue = vip(stages.direct, "gue", "gue", family, Protocol.TCP, FULL_TRACKING);
        Lazy<Vip> l2 = vip(stages.direct, "l2", "l2", family, Protocol.TCP, FULL_TRACKING);
        few("ipip_udp", udp, family, goal(Figure.UDP, family, 0.70));
        few("gue", gue, family, goal(Figure.GUE, family, 0.70));
        few("l2", l2, family, Optional.empty());
        add("pass_v" + family.version(), goal(Figure.PASS, family, 0.90), () -> l2.get().passing());
    }

    private void established(String name, Lazy<Vip> vip, Family family, double one, double many, double million) {
        Map<Population, Double> ratios = ratios(one, many, million);
        fitting().forEach(population -> add(prefix(name, family) + "established_" + population.label,
                goal(population.figure, family, ratios.get(population)), () -> vip.get().established(population)));
    }

    private static Map<Population, Double> ratios(double one, double many, double million) {
        return Map.of(Population.ONE, one, Population.THOUSANDS, many, Population.MANY, many, Population.MILLION, million);
    }

    /** The reference was measured with one flow; more have no goal. */
    private void few(String name, Lazy<Vip> vip, Family family, Optional<Goal> goal) {
        for (Population population : List.of(Population.ONE, Population.THOUSANDS)) {
            add(prefix(name, family) + "established_" + population.label,
                    population == Population.ONE ? goal : Optional.empty(), () -> vip.get().established(population));
        }
    }

    /** A first ACK and one of an unknown connection are one packet, held against two figures. */
    private void arriving(String name, Lazy<Vip> vip, Family family, double syn, double ack, double miss) {
        String prefix = prefix(name, family);
        int packets = arguments.packets();
        add(prefix + "new_full", goal(Figure.NEW, family, syn), () -> vip.get().arriving("new_full", Flows.SYN, 0, packets));
        add(prefix + "first_ack_full", goal(Figure.NEW, family, ack),
                () -> vip.get().arriving("first_ack_full", Flows.ACK, 1, packets));
        add(prefix + "miss_full", goal(Figure.MISS, family, miss), () -> vip.get().arriving("miss_full", Flows.ACK, 1, packets));
    }

    private Lazy<Vip> vip(Lazy<Stage> stage, String name, String method, Family family, Protocol protocol, Set<Flag> flags) {
        return new Lazy<>(() -> new Vip(stage.get(), arguments, name, stages.method(method), family, protocol, flags));
    }

    /** The stage, once its table has as many connections as it can. */
    private Lazy<Stage> filled(Lazy<Stage> stage, int filling, Family family) {
        return new Lazy<>(() -> {
            vip(stage, "fill", "ipip", family, Protocol.TCP, FULL_TRACKING).get().fill(filling * arguments.entries());
            return stage.get();
        });
    }

    private List<Population> fitting() {
        return Population.fitting(arguments.entries());
    }

    private void add(String name, Optional<Goal> goal, Supplier<Case> maker) {
        entries.add(new Entry(name, goal, maker));
    }

    private static Optional<Goal> goal(Figure figure, Family family, double ratio) {
        return Optional.of(new Goal(figure, family, ratio));
    }

    private static String prefix(String name, Family family) {
        return name + "_v" + family.version() + "_";
    }
}
