package io.loom.itests.bench;

import io.loom.api.Family;
import io.loom.api.Protocol;
import io.loom.datapath.internal.layout.ListenerEntry.Flag;
import io.loom.itests.bench.Rival.Kind;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Supplier;

/** All cases with what Katran is asked for beside them, none of them prepared yet. Flags of listeners are those that loom-datapath gives them. */
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
    record Entry(String name, Optional<Rival> rival, Supplier<Case> maker) {
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
            catalogue.established(plan, stages.million, Catalogue::told);
            catalogue.arriving(plan, catalogue.vip(full, plan), Rival.of(Kind.SYN, family), Rival.of(Kind.MISS, family));
        }
        return catalogue.wanted();
    }

    private List<Entry> wanted() {
        return entries.stream().filter(entry -> entry.name.contains(arguments.only())).toList();
    }

    private void cache(Family family, Lazy<Stage> full) {
        Plan plan = new Plan("ipip", "ipip", family, Protocol.TCP, FULL_TRACKING);
        Lazy<Vip> busy = vip(full, plan);
        established(plan, stages.million, Catalogue::limited);
        arriving(plan, busy, Rival.limited(Kind.SYN, family, 0.07, 0.08), Rival.limited(Kind.MISS, family, 0.32, 0.45));
        if (fitting().contains(Population.MANY)) {
            add(plan.prefix() + "mix_90_10", Optional.empty(), () -> busy.get().mixed(Population.MANY));
        }
    }

    private void minimal(Family family, Lazy<Stage> full) {
        Plan plan = new Plan("ipip_minimal", "ipip", family, Protocol.TCP, MINIMAL_TRACKING);
        Lazy<Vip> busy = vip(full, plan);
        established(plan, stages.sparse, Catalogue::told);
        add(plan.prefix() + "new_full", Optional.of(Rival.of(Kind.SYN, family)),
                () -> busy.get().arriving("new_full", Flows.SYN, 0, arguments.packets()));
        add(plan.prefix() + "miss_full", Optional.of(Rival.of(Kind.MISS, family)),
                () -> busy.get().arriving("miss_full", Flows.ACK, 0, arguments.packets()));
    }

    private void nat(Family family, Lazy<Stage> full) {
        Plan plan = new Plan("nat", "nat", family, Protocol.TCP, Set.of());
        Lazy<Vip> busy = vip(full, plan);
        Map<Population, Lazy<Vip>> vips = established(plan, stages.natMillion,
                (population, of) -> Rival.limited(population.rival, of, 0.65, 0.65));
        fitting().forEach(population -> add(plan.prefix() + "reply_" + population.label,
                Optional.of(reply(population, family)), () -> vips.get(population).get().replies(population)));
        add(plan.prefix() + "new_full", Optional.of(Rival.limited(Kind.SYN, family, 0.80, 1.05)),
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
        few(new Plan("gue", "gue", family, Protocol.TCP, FULL_TRACKING), Optional.of(Rival.limited(Kind.ESTABLISHED_1, family, 0.40, 0.40).byGue()));
        few(new Plan("ipip_udp", "ipip", family, Protocol.UDP, Set.of()), Optional.of(Rival.limited(Kind.ESTABLISHED_1, family, 0.45, 0.45).ofDatagrams()));
        add("pass_v" + family.version(), Optional.of(Rival.limited(Kind.PASS, family, 0.80, 0.80)), () -> l2.get().passing());
    }

    /** @param million where a million connections are, beside no others */
    private Map<Population, Lazy<Vip>> established(Plan plan, Lazy<Stage> million, BiFunction<Population, Family, Rival> rivals) {
        Lazy<Vip> few = vip(stages.sparse, plan);
        Lazy<Vip> all = million == stages.sparse ? few : vip(million, plan);
        Map<Population, Lazy<Vip>> vips = new EnumMap<>(Population.class);
        for (Population population : fitting()) {
            Lazy<Vip> vip = population == Population.MILLION ? all : few;
            vips.put(population, vip);
            add(plan.prefix() + "established_" + population.label,
                    Optional.of(rivals.apply(population, plan.family)), () -> vip.get().established(population));
        }
        return vips;
    }

    private static Rival told(Population population, Family family) {
        return Rival.of(population.rival, family);
    }

    private static Rival limited(Population population, Family family) {
        return switch (population) {
            case ONE -> Rival.limited(population.rival, family, 0.55, 0.65);
            case THOUSANDS -> Rival.limited(population.rival, family, 0.65, 0.90);
            case MANY -> Rival.limited(population.rival, family, 0.60, 0.70);
            case MILLION -> Rival.limited(population.rival, family, 0.45, 0.55);
        };
    }

    private static Rival reply(Population population, Family family) {
        double most = population == Population.ONE ? 0.45 : 0.70;
        return Rival.limited(population.rival, family, most, most);
    }

    /** Held against Katran with one flow. */
    private Lazy<Vip> few(Plan plan, Optional<Rival> rival) {
        Lazy<Vip> vip = vip(stages.sparse, plan);
        for (Population population : List.of(Population.ONE, Population.THOUSANDS)) {
            add(plan.prefix() + "established_" + population.label,
                    population == Population.ONE ? rival : Optional.empty(), () -> vip.get().established(population));
        }
        return vip;
    }

    /** A first ACK and one of an unknown connection are one packet. */
    private void arriving(Plan plan, Lazy<Vip> vip, Rival syn, Rival ack) {
        int packets = arguments.packets();
        add(plan.prefix() + "new_full", Optional.of(syn), () -> vip.get().arriving("new_full", Flows.SYN, 0, packets));
        add(plan.prefix() + "first_ack_full", Optional.of(ack), () -> vip.get().arriving("first_ack_full", Flows.ACK, 1, packets));
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

    private void add(String name, Optional<Rival> rival, Supplier<Case> maker) {
        entries.add(new Entry(name, rival, maker));
    }
}
