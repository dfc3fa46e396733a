package io.loom.itests.bench;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.datapath.World;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Katran beside Loom's stages: with few connections, with a million, and with a full table, as the cases ask for them. */
final class Rivals implements AutoCloseable {
    /** Newcomers are clients of higher numbers than those whose connections stay. */
    private static final int FIRST_NEWCOMER = 10_000_000;
    private static final int FILLING = 2;

    private final Arguments arguments;
    private final List<Katran> open = new ArrayList<>();
    private final List<Wrapper> wrappers = new ArrayList<>();
    private final Map<Boolean, Katran> sparse = new HashMap<>();
    private final Map<Family, Katran> million = new EnumMap<>(Family.class);
    private final Map<Family, Katran> full = new EnumMap<>(Family.class);
    /** By whether they write GUE's headers. */
    private final Map<Boolean, Path> files = new HashMap<>();
    private int newcomers;

    Rivals(Arguments arguments) {
        this.arguments = arguments;
        for (Path file : arguments.katran()) {
            try (Katran katran = Katran.open(file, Arguments.LEAST_ENTRIES)) {
                if (files.put(katran.encapsulatesByGue(), file) != null) {
                    throw new IllegalArgumentException("--katran: " + file + " writes the same headers as the one before; one object for"
                            + " ipip and one for gue can be measured");
                }
            }
        }
    }

    /** The same for Katran, if an object is there that can. */
    Optional<Sample> sample(Rival rival) {
        Path file = files.get(rival.gue());
        if (file == null) {
            return Optional.empty();
        }
        return Optional.of(switch (rival.kind()) {
            case ESTABLISHED_1, ESTABLISHED_16K, ESTABLISHED_128K -> established(few(rival.gue(), file), rival);
            case ESTABLISHED_1M -> established(million.computeIfAbsent(rival.family(), family -> open(file)), rival);
            case SYN -> arriving(filled(rival.family(), file), rival, Flows.SYN);
            case MISS -> arriving(filled(rival.family(), file), rival, Flows.ACK);
            case PASS -> passing(few(false, file), rival);
        });
    }

    private Katran few(boolean gue, Path file) {
        return sparse.computeIfAbsent(gue, method -> open(file));
    }

    private Katran open(Path file) {
        Katran katran = Katran.open(file, arguments.entries());
        open.add(katran);
        return katran;
    }

    private Katran filled(Family family, Path file) {
        return full.computeIfAbsent(family, one -> {
            Katran katran = open(file);
            Rival packets = Rival.of(Rival.Kind.MISS, family);
            try (Wrapper wrapper = around(katran, packets, arrivals(FILLING * arguments.entries(), Flows.ACK))) {
                wrapper.run(wrapper.flows());
            }
            if (!katran.remembers(family, FIRST_NEWCOMER + newcomers - 1)) {
                throw new IllegalArgumentException("--katran: " + file + " tracks no more than so many new connections a second: compile it"
                        + " with a MAX_CONN_RATE that the bench does not reach, such as 4294967295U");
            }
            return katran;
        });
    }

    private Sample established(Katran katran, Rival rival) {
        Flows flows = Flows.clients(0, rival.kind().flows, Flows.ACK);
        try (Wrapper opening = around(katran, rival, flows)) {
            opening.run(opening.flows());
        }
        Wrapper wrapper = keep(around(katran, rival, arguments.traffic() == Traffic.IN_ORDER ? flows : flows.shuffled()));
        return new KatranSample(katran, Katran.vip(rival.family(), rival.protocol()), wrapper, 0, arguments.packets());
    }

    private Sample arriving(Katran katran, Rival rival, int signals) {
        Wrapper wrapper = keep(around(katran, rival, arrivals(arguments.rounds() * arguments.packets(), signals)));
        return new KatranSample(katran, Katran.vip(rival.family(), rival.protocol()), wrapper, 1, arguments.packets());
    }

    private Sample passing(Katran katran, Rival rival) {
        Frame elsewhere = Frame.toward(rival.protocol(), new Endpoint(World.source(rival.family()), Katran.PORT), Stage.client(rival.family()));
        Wrapper wrapper = keep(Wrapper.around(katran.program(), elsewhere, Flows.clients(0, 1, Flows.ACK)));
        return new KatranSample(katran, KatranSample.NO_VIP, wrapper, 0, arguments.packets());
    }

    private static Wrapper around(Katran katran, Rival rival, Flows flows) {
        return Wrapper.around(katran.program(), Katran.frame(rival.family(), rival.protocol()), flows);
    }

    private Flows arrivals(int count, int signals) {
        Flows flows = Flows.clients(FIRST_NEWCOMER + newcomers, count, signals);
        newcomers += count;
        return flows;
    }

    private Wrapper keep(Wrapper wrapper) {
        wrappers.add(wrapper);
        return wrapper;
    }

    @Override
    public void close() {
        wrappers.forEach(Wrapper::close);
        open.forEach(Katran::close);
    }
}
