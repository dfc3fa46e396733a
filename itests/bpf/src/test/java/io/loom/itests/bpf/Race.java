package io.loom.itests.bpf;

import io.loom.api.Family;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.BpfObject;
import io.loom.libbpf.BpfProgram;
import io.loom.libbpf.Mapping;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The races of bpf-objects/test/race.bpf.c, on maps of their own. */
final class Race implements AutoCloseable {
    /** Turns of a run of either program. */
    private static final int TURNS = 4096;
    /** Flows that the tables hold. */
    private static final int FLOWS = 65_536;
    private static final int RESULT_BYTES = 8;
    private static final int WAYS = 4;

    /** So many that none is ever full. */
    private static final int FLOW_SETS = 2 * FLOWS;
    private static final int FLOW_GROUPS = 2 * FLOWS;
    private static final int KEY_GROUPS = 4;
    private static final int KEY_PORTS = 32;
    private static final int FLOW_PORTS = 40_000;

    private final BpfObject object;

    private Race(BpfObject object) {
        this.object = object;
    }

    /** Many connections for few keys. */
    static Count keys(Family family, boolean locked, int runs) throws Exception {
        try (Race race = open(family, locked, KEY_GROUPS, KEY_PORTS, 1)) {
            race.run("race_keys", runs);
            return race.count();
        }
    }

    /** What was counted in all batches, and what became of all of their flows. */
    record Flows(Count count, Outcome outcome) {
    }

    /** Both CPUs for the same connections. */
    static Flows flows(Family family, boolean locked, int batches) throws Exception {
        try (Race race = open(family, locked, FLOW_GROUPS, FLOW_PORTS, FLOW_SETS)) {
            Outcome outcome = new Outcome(0, 0, 0);
            for (int batch = 0; batch < batches; batch++) {
                race.run("race_flow", FLOWS / TURNS);
                outcome = outcome.plus(race.outcome());
            }
            return new Flows(race.count(), outcome);
        }
    }

    private static Race open(Family family, boolean locked, int groups, int ports, int sets) throws IOException {
        String file = locked ? "/bpf/race.bpf.o" : "/bpf/race_unlocked.bpf.o";
        BpfObject object;
        try (InputStream elf = Race.class.getResourceAsStream(file)) {
            object = BpfObject.open("race", elf.readAllBytes());
        }
        object.setConstant("race_family", number(family.version()));
        object.setConstant("nat_groups", number(groups));
        object.setConstant("nat_port_first", number(20_000));
        object.setConstant("nat_port_count", number(ports));
        object.setConstant("loom_conn_sets" + family.version(), number(sets));
        object.resize("nat_pairs" + family.version(), groups * WAYS);
        object.resize("loom_conns" + family.version(), sets);
        object.load();
        return new Race(object);
    }

    private static byte[] number(int value) {
        return ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array();
    }

    /** Runs the program so many times on each of two CPUs. */
    private void run(String program, int times) throws Exception {
        try (BpfProgram loaded = object.program(program)) {
            TwoCpus.repeat(loaded, times);
        }
    }

    /**
     * What both CPUs have counted; struct race_cpu says what each means.
     *
     * @param shared  keys that two connections had at once
     * @param strayed replies that did not reach the client whose connection has the key
     * @param torn    replies that were read of two clients
     * @param lost    FINs that were undone
     */
    record Count(long claims, long refused, long shared, long strayed, long seen, long torn, long lost, long met) {
        private static Count read(ByteBuffer from) {
            return new Count(from.getLong(), from.getLong(), from.getLong(), from.getLong(), from.getLong(), from.getLong(),
                    from.getLong(), from.getLong());
        }

        private Count plus(Count other) {
            return new Count(claims + other.claims, refused + other.refused, shared + other.shared, strayed + other.strayed,
                    seen + other.seen, torn + other.torn, lost + other.lost, met + other.met);
        }
    }

    private Count count() {
        try (BpfMap map = object.map("race_cpus"); Mapping cpus = map.map()) {
            ByteBuffer buffer = cpus.buffer();
            Count first = Count.read(buffer.position(Long.BYTES));
            return first.plus(Count.read(buffer.position(map.valueSize() + Long.BYTES)));
        }
    }

    /**
     * What became of the last flows.
     *
     * @param differing that have another backend or port on the other CPU
     * @param uncertain that not exactly one CPU has entered into the table
     * @param failed    sum of the reasons of those that were not begun
     */
    record Outcome(long differing, long uncertain, long failed) {
        Outcome plus(Outcome other) {
            return new Outcome(differing + other.differing, uncertain + other.uncertain, failed + other.failed);
        }
    }

    private Outcome outcome() {
        Outcome outcome = new Outcome(0, 0, 0);
        try (BpfMap map = object.map("race_results"); Mapping results = map.map()) {
            ByteBuffer buffer = results.buffer();
            for (int at = 0; at < FLOWS * RESULT_BYTES; at += RESULT_BYTES) {
                outcome = outcome.plus(compare(buffer.getLong(at), buffer.getLong(at + FLOWS * RESULT_BYTES)));
            }
        }
        return outcome;
    }

    /** Bits of a struct race_result: 16 backend, 8 begun, 8 failed, 32 cookie. */
    private static Outcome compare(long one, long other) {
        long names = 0xffffffff_0000ffffL;
        long begun = (one >>> 16 & 0xff) + (other >>> 16 & 0xff);
        long failed = (one >>> 24 & 0xff) + (other >>> 24 & 0xff);
        return new Outcome((one & names) == (other & names) ? 0 : 1, begun == 1 ? 0 : 1, failed);
    }

    @Override
    public void close() {
        object.close();
    }
}
