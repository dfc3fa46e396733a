package io.loom.itests.bench;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.api.Protocol;
import io.loom.api.Verdict;
import io.loom.api.plugin.Description;
import io.loom.control.dataplane.ListenerKey;
import io.loom.datapath.World;
import io.loom.datapath.internal.layout.ListenerEntry.Flag;
import io.loom.libbpf.BpfProgram;
import java.util.Set;

/** A listener of a stage, and the connections through it; makes the cases that need them. */
final class Vip {
    /** Newcomers are clients of higher numbers than those whose connections stay. */
    private static final int FIRST_NEWCOMER = 10_000_000;
    private static final int DIRECT_BACKENDS = 16;
    private static final int NAT_BACKENDS = 64;

    private final Stage stage;
    private final Arguments arguments;
    private final String prefix;
    private final ListenerKey key;
    private final int number;
    private final boolean stateful;
    private final boolean tracked;
    private int opened;
    private int newcomers;
    private Translations translations = Translations.none();

    /** @param name of the cases, up to the address family */
    Vip(Stage stage, Arguments arguments, String name, Description method, Family family, Protocol protocol, Set<Flag> flags) {
        this.stage = stage;
        this.arguments = arguments;
        this.prefix = name + "_v" + family.version() + "_";
        this.key = stage.nextKey(family, protocol);
        this.stateful = method.stateful();
        this.tracked = !flags.contains(Flag.MINIMAL);
        this.number = stage.listen(key, method, stateful ? NAT_BACKENDS : DIRECT_BACKENDS, flags);
    }

    /** Packets of clients whose connections exist, those that were opened first. */
    Case established(Population population) {
        open(population.flows);
        Flows flows = stateful ? translations.forward().first(population.flows) : Flows.clients(0, population.flows, Flows.ACK);
        return recurring("established_" + population.label, stage.clients(key, ordered(flows)), Verdict.FORWARD);
    }

    /** The backends' half of the same. */
    Case replies(Population population) {
        open(population.flows);
        Wrapper wrapper = stage.backends(family(), ordered(translations.reply().first(population.flows)));
        return recurring("reply_" + population.label, wrapper, Verdict.REPLY);
    }

    /**
     * Packets of flows that nobody has seen.
     *
     * @param opening one of so many enters a connection into the table
     */
    Case arriving(String what, int signals, int opening, int packets) {
        Wrapper wrapper = stage.keep(stage.clients(key, arrivals(arguments.rounds() * packets, signals)));
        return new Case(prefix + what, stage, number, wrapper, Verdict.FORWARD, opening, packets);
    }

    /**
     * SYNs that nat finds a pair for. The pages of its table have been read before: where a hypervisor keeps page tables of its own, the first
     * touch of each costs more than all else, and a table in use has none that nobody has touched.
     */
    Case translating(int packets) {
        try (Wrapper strangers = stage.backends(family(), stage.repliesOfNobody(family(), NAT_BACKENDS))) {
            new Case(prefix + "touch", stage, number, strangers, Verdict.PASS_NO_LISTENER, 0, strangers.flows()).measure();
        }
        return arriving("new_full", Flows.SYN, 1, packets);
    }

    /** Nine of ten packets are of connections that exist, the tenth is a SYN or a first ACK, in turn; no newcomer displaces the former. */
    Case mixed(Population population) {
        Case established = established(population);
        Tick.await();
        established.turn();
        int total = arguments.rounds() * arguments.packets();
        Flows recurring = ordered(Flows.clients(0, population.flows, Flows.ACK));
        Flows newcomers = arrivals(total / 10 + 1, Flows.ACK).alternating(Flows.SYN);
        Wrapper wrapper = stage.keep(stage.clients(key, Flows.mixed(recurring, newcomers, total)));
        return new Case(prefix + "mix_90_10", stage, number, wrapper, Verdict.FORWARD, 20, arguments.packets());
    }

    /** Packets of clients, without any demands on them. */
    Wrapper clients(Flows flows) {
        return stage.keep(stage.clients(key, flows));
    }

    /** The same for another program; the caller closes it. */
    Wrapper clients(BpfProgram program, Flows flows) {
        return Wrapper.around(program, Stage.frame(key), flows);
    }

    /** Connections that are forgotten while others begin. */
    void fill(int count) {
        opening("fill", arrivals(count, Flows.ACK));
    }

    /** A packet that no listener wants. */
    Case passing() {
        ListenerKey elsewhere = new ListenerKey(
                key.protocol(), new Endpoint(World.source(family()), key.endpoint().port()));
        Wrapper wrapper = stage.keep(stage.clients(elsewhere, Flows.clients(0, 1, Flows.ACK)));
        return new Case("pass_v" + family().version(), stage, number, wrapper, Verdict.PASS_NO_LISTENER, 0, arguments.packets());
    }

    private Case recurring(String what, Wrapper wrapper, Verdict verdict) {
        return new Case(prefix + what, stage, number, stage.keep(wrapper), verdict, 0, arguments.packets());
    }

    private Flows ordered(Flows flows) {
        return arguments.traffic() == Traffic.IN_ORDER ? flows : flows.shuffled();
    }

    private Flows arrivals(int count, int signals) {
        Flows flows = Flows.clients(FIRST_NEWCOMER + newcomers, count, signals);
        newcomers += count;
        return flows;
    }

    /** Has at least the first of the clients connected. */
    private void open(int flows) {
        if (opened >= flows) {
            return;
        }
        if (stateful) {
            translate(flows);
            return;
        }
        opening("open", Flows.clients(opened, flows - opened, Flows.ACK));
        opened = flows;
    }

    private void translate(int flows) {
        try (Wrapper opening = stage.clients(key, Flows.clients(opened, flows - opened, Flows.SYN))) {
            opening.run(flows - opened);
        }
        translations = Translations.of(stage, family(), flows);
        int found = translations.reply().count();
        if (found < flows) {
            System.err.println(prefix + "open: " + (flows - found) + " of " + flows + " connections were refused; the others are measured");
        }
        try (Wrapper handshake = stage.backends(family(), translations.reply().with(Flows.SYN | Flows.ACK));
                Wrapper end = stage.clients(key, translations.forward())) {
            new Case(prefix + "handshake", stage, number, handshake, Verdict.REPLY, 0, found).measure();
            new Case(prefix + "handshake_end", stage, number, end, Verdict.FORWARD, 0, found).measure();
        }
        opened = flows;
    }

    private void opening(String what, Flows flows) {
        try (Wrapper wrapper = stage.clients(key, flows)) {
            new Case(prefix + what, stage, number, wrapper, Verdict.FORWARD, tracked ? 1 : 0, flows.count()).measure();
        }
    }

    private Family family() {
        return key.endpoint().family();
    }
}
