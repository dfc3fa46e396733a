package io.loom.itests.bench;

import io.loom.api.Family;
import io.loom.api.Protocol;
import io.loom.datapath.internal.layout.ListenerEntry.Flag;
import io.loom.itests.bench.Reference.Figure;
import java.util.ArrayList;
import java.util.EnumMap;
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

    /** What a vip is. */
    private record Plan(String name, String method, Family family, Protocol protocol, Set<Flag> flags) {
        /** Of the names of its cases. */
        String prefix() {
            return name + "_v" + family.version() + "_";
        }
    }

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

    /** Those of the default table whose names the arguments ask for. */
    static List<Entry> ofCache(Stages stages, Arguments arguments) {
        Catalogue catalogue = new Catalogue(stages, arguments);
        for (Family family : Family.values()) {
            Lazy<Stage> full = catalogue.filled(CACHE_FILLING, family);
            catalogue.cache(family, full);
            catalogue.minimal(family, full);
            catalogue.nat(family, full);
            catalogue.others(family);
        }
        return catalogue.wanted();
    }

    /** The same for {@code lru_hash}. */
    static List<Entry> ofLruHash(Stages stages, Arguments arguments) {
        Catalogue catalogue = new Catalogue(stages, arguments);
        for (Family family : Family.values()) {
            Lazy<Stage> full = catalogue.filled(HASH_FILLING, family);
            Plan plan = new Plan("ipip_lru_hash", "ipip", family, Protocol.TCP, FULL_TRACKING);
            catalogue.established(plan, stages.million, 0.85, 1.0, 0.95);
            catalogue.arriving(plan, catalogue.vip(full, plan), 0.95, 0.95, 0.90);
        }
        return catalogue.wanted();
    }

    private List<Entry> wanted() {
        return entries.stream().filter(entry -> entry.name.contains(arguments.only())).toList();
    }

    private void cache(Family family, Lazy<Stage> full) {
        Plan plan = new Plan("ipip", "ipip", family, Protocol.TCP, FULL_TRACKING);
        Lazy<Vip> busy = vip(full, plan);
        established(plan, stages.million, 0.60, 0.75, 0.50);
        arriving(plan, busy, 0.10, 0.30, 0.30);
        if (fitting().contains(Population.MANY)) {
            add(plan.prefix() + "mix_90_10", Optional.empty(), () -> busy.get().mixed(Population.MANY));
        }
    }

    private void minimal(Family family, Lazy<Stage> full) {
        Plan plan = new Plan("ipip_minimal", "ipip", family, Protocol.TCP, MINIMAL_TRACKING);
        Lazy<Vip> busy = vip(full, plan);
        established(plan, stages.sparse, 0.60, 0.35, 0.25);
        add(plan.prefix() + "new_full", goal(Figure.NEW, family, 0.10),
                () -> busy.get().arriving("new_full", Flows.SYN, 0, arguments.packets()));
        add(plan.prefix() + "miss_full", goal(Figure.MISS, family, 0.10),
                () -> busy.get().arriving("miss_full", Flows.ACK, 0, arguments.packets()));
    }

    private void nat(Family family, Lazy<Stage> full) {
        Plan plan = new Plan("nat", "nat", family, Protocol.TCP, Set.of());
        Lazy<Vip> busy = vip(full, plan);
        Map<Population, Lazy<Vip>> vips = established(plan, stages.natMillion, 0.60, 0.80, 0.50);
        Map<Population, Double> ratios = ratios(0.40, 0.60, 0.40);
        fitting().forEach(population -> add(plan.prefix() + "reply_" + population.label,
                goal(population.figure, family, ratios.get(population)), () -> vips.get(population).get().replies(population)));
        add(plan.prefix() + "new_full", goal(Figure.NEW, family, 0.60),
                () -> busy.get().translating(natPackets()));
    }

    /** A quarter of what there is room for: translations stay, and those of all rounds shall find theirs at once. */
    private int natPackets() {
        return Math.max(1, Math.min(arguments.packets(), arguments.entries() / arguments.rounds()) / 4);
    }

    private void others(Family family) {
        Lazy<Vip> l2 = few(new Plan("l2", "l2", family, Protocol.TCP, FULL_TRACKING), Optional.empty());
        // Held against each other, not against ipip: what comes later in the catalogue shares the table with more connections.
        few(new Plan("ipip_acl", "ipip", family, Protocol.TCP, Set.of(Flag.GUARDED)), Optional.empty());
        few(new Plan("ipip_no_acl", "ipip", family, Protocol.TCP, FULL_TRACKING), Optional.empty());
        few(new Plan("gue", "gue", family, Protocol.TCP, FULL_TRACKING), goal(Figure.GUE, family, 0.70));
        few(new Plan("ipip_udp", "ipip", family, Protocol.UDP, Set.of()), goal(Figure.UDP, family, 0.70));
        add("pass_v" + family.version(), goal(Figure.PASS, family, 0.90), () -> l2.get().passing());
    }

    /** @param million where a million connections are, beside no others */
    private Map<Population, Lazy<Vip>> established(Plan plan, Lazy<Stage> million, double one, double many, double most) {
        Map<Population, Double> ratios = ratios(one, many, most);
        Lazy<Vip> few = vip(stages.sparse, plan);
        Lazy<Vip> all = million == stages.sparse ? few : vip(million, plan);
        Map<Population, Lazy<Vip>> vips = new EnumMap<>(Population.class);
        for (Population population : fitting()) {
            Lazy<Vip> vip = population == Population.MILLION ? all : few;
            vips.put(population, vip);
            add(plan.prefix() + "established_" + population.label,
                    goal(population.figure, plan.family, ratios.get(population)), () -> vip.get().established(population));
        }
        return vips;
    }

    private static Map<Population, Double> ratios(double one, double many, double million) {
        return Map.of(Population.ONE, one, Population.THOUSANDS, many, Population.MANY, many, Population.MILLION, million);
    }

    /** The reference was measured with one flow; more have no goal. */
    private Lazy<Vip> few(Plan plan, Optional<Goal> goal) {
        Lazy<Vip> vip = vip(stages.sparse, plan);
        for (Population population : List.of(Population.ONE, Population.THOUSANDS)) {
            add(plan.prefix() + "established_" + population.label,
                    population == Population.ONE ? goal : Optional.empty(), () -> vip.get().established(population));
        }
        return vip;
    }

    /** A first ACK and one of an unknown connection are one packet, held against two figures. */
    private void arriving(Plan plan, Lazy<Vip> vip, double syn, double ack, double miss) {
        int packets = arguments.packets();
        add(plan.prefix() + "new_full", goal(Figure.NEW, plan.family, syn),
                () -> vip.get().arriving("new_full", Flows.SYN, 0, packets));
        add(plan.prefix() + "first_ack_full", goal(Figure.NEW, plan.family, ack),
                () -> vip.get().arriving("first_ack_full", Flows.ACK, 1, packets));
        add(plan.prefix() + "miss_full", goal(Figure.MISS, plan.family, miss),
                () -> vip.get().arriving("miss_full", Flows.ACK, 1, packets));
    }

    private Lazy<Vip> vip(Lazy<Stage> stage, Plan plan) {
        return new Lazy<>(() -> new Vip(
                stage.get(), arguments, plan.name, stages.method(plan.method), plan.family, plan.protocol, plan.flags));
    }

    /** The stage of full tables, once that of this family has as many connections as it can. */
    private Lazy<Stage> filled(int filling, Family family) {
        return new Lazy<>(() -> {
            vip(stages.full, new Plan("fill", "ipip", family, Protocol.TCP, FULL_TRACKING)).get()
                    .fill(filling * arguments.entries());
            return stages.full.get();
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
}
