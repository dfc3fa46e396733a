package io.loom.itests.bpf;

import io.loom.api.Family;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.BpfObject;
import io.loom.libbpf.BpfProgram;
import io.loom.libbpf.Mapping;
import io.loom.libbpf.UpdateMode;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Millions of flows through a program, and where each packet of them went, by bpf-objects/test/flood.bpf.c. Packets are those
 * of {@link Frames#request} with random clients.
 */
final class Flood implements AutoCloseable {
    private static final int FRAME = 80;
    private static final int PLAN = 2104;
    private static final int COUNTER_AT = 16;
    private static final int FLAGS_AT = 24;
    private static final int DISAGREED_AT = 40;
    private static final int CROSSED_AT = 48;
    private static final int SENT_AT = 56;
    private static final int IPV4 = 14;
    private static final int IPV4_CHECK = 24;
    private static final int IPV4_SOURCE = 26;
    private static final int IPV6_SOURCE = 22;
    /** Packets of one system call, which nobody can stop meanwhile. */
    private static final int AT_ONCE = 1_000_000;
    private static final int PATIENCE_SECONDS = 240;

    private final BpfObject object;
    private final BpfProgram program;
    private final BpfProgram end;
    private final BpfMap target;
    private final BpfMap plans;
    private final BpfMap first;

    /**
     * What one CPU sends.
     *
     * @param seed    of the clients: other flows than those of another seed
     * @param flows   then the first comes again
     * @param flags   of a flow's packets, one after the other; numbers as in the TCP header
     * @param packets to send
     */
    record Plan(long seed, int flows, List<Integer> flags, int packets) {
        /** Every flow once, with all of its packets. */
        static Plan once(long seed, int flows, Integer... flags) {
            return new Plan(seed, flows, List.of(flags), flows * flags.length);
        }
    }

    /**
     * What came of all packets.
     *
     * @param disagreed packets that went elsewhere than the first one of their flow
     * @param crossed   packets of flows whose first one another CPU has sent
     * @param sent      packets, by the last byte of the address to which they left
     */
    record Result(long disagreed, long crossed, long[] sent) {
        /** Packets that were sent to that address, or, if it is the vip's, that were sent nowhere. */
        long to(InetAddress address) {
            byte[] bytes = address.getAddress();
            return sent[bytes[bytes.length - 1] & 0xff];
        }

        Result plus(Result other) {
            long[] sum = new long[sent.length];
            Arrays.setAll(sum, i -> sent[i] + other.sent[i]);
            return new Result(disagreed + other.disagreed, crossed + other.crossed, sum);
        }
    }

    /** @param watched flows whose first packet is remembered */
    Flood(BpfProgram judged, Family family, int watched) throws IOException {
        try (InputStream elf = Flood.class.getResourceAsStream("/bpf/flood.bpf.o")) {
            object = BpfObject.open("flood", elf.readAllBytes());
        }
        object.setConstant("flood_frame", template(family));
        object.setConstant("flood_family", number(family.version()));
        object.resize("flood_first", watched);
        object.load();
        program = object.program("loom_flood");
        end = object.program("loom_flood_end");
        plans = object.map("flood_plans");
        first = object.map("flood_first");
        target = object.map("flood_target");
        target.update(number(0), number(judged.fd()), UpdateMode.ANY);
    }

    /** A SYN without the client's address, with the sum of its header where the checksum goes. */
    private static byte[] template(Family family) {
        byte[] frame = Arrays.copyOf(new Frames().request(family, "S", Balancer.CLIENT_PORT), FRAME);
        if (family == Family.IPV4) {
            ByteBuffer words = ByteBuffer.wrap(frame).order(ByteOrder.LITTLE_ENDIAN);
            words.putInt(IPV4_SOURCE, 0).putShort(IPV4_CHECK, (short) 0);
            int sum = 0;
            for (int at = IPV4; at < IPV4 + 20; at += 2) {
                sum += Short.toUnsignedInt(words.getShort(at));
            }
            words.putShort(IPV4_CHECK, (short) ((sum & 0xffff) + (sum >> 16)));
        }
        return frame;
    }

    /** Runs the plan on one CPU. */
    Result run(Plan plan) throws Exception {
        return runAll(List.of(plan), false);
    }

    /** Runs a plan on each of two CPUs at once. */
    Result race(Plan first, Plan second) throws Exception {
        return runAll(List.of(first, second), false);
    }

    /** Runs the plan on two CPUs at once, each taking the next packet of the same sequence. */
    Result share(Plan plan) throws Exception {
        Plan half = new Plan(plan.seed(), plan.flows(), plan.flags(), plan.packets() / 2);
        return runAll(List.of(half, half), true);
    }

    private Result runAll(List<Plan> wanted, boolean shared) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(wanted.size());
        try (Mapping mapping = plans.map()) {
            ByteBuffer memory = mapping.buffer();
            List<Future<Void>> runs = new ArrayList<>();
            for (int cpu = 0; cpu < wanted.size(); cpu++) {
                write(memory, cpu, wanted.get(cpu), shared ? 0 : cpu);
            }
            for (int cpu = 0; cpu < wanted.size(); cpu++) {
                runs.add(threads.submit(runner(cpu, wanted.get(cpu).packets())));
            }
            for (Future<Void> run : runs) {
                run.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            }
            Result result = read(memory, 0);
            return wanted.size() == 1 ? result : result.plus(read(memory, 1));
        } finally {
            threads.shutdownNow();
        }
    }

    private Callable<Void> runner(int cpu, int packets) {
        return () -> {
            TwoCpus.pin(cpu);
            for (int left = packets; left > 0; left -= AT_ONCE) {
                byte[] last = program.testRun(new byte[FRAME], Math.min(left, AT_ONCE)).frame();
                end.testRun(last, 1);
            }
            return null;
        };
    }

    private static void write(ByteBuffer memory, int cpu, Plan plan, int counter) {
        memory.put(cpu * PLAN, new byte[PLAN]);
        memory.putLong(cpu * PLAN, plan.seed()).putInt(cpu * PLAN + 8, plan.flows())
                .putInt(cpu * PLAN + 12, plan.flags().size()).putInt(cpu * PLAN + COUNTER_AT, counter);
        for (int i = 0; i < plan.flags().size(); i++) {
            memory.put(cpu * PLAN + FLAGS_AT + i, plan.flags().get(i).byteValue());
        }
    }

    private static Result read(ByteBuffer memory, int cpu) {
        long[] sent = new long[256];
        Arrays.setAll(sent, i -> memory.getLong(cpu * PLAN + SENT_AT + i * Long.BYTES));
        return new Result(memory.getLong(cpu * PLAN + DISAGREED_AT), memory.getLong(cpu * PLAN + CROSSED_AT), sent);
    }

    /** The last word of the address to which the first packet of a flow went, as it stands in the packet, read little endian. */
    int first(int flow) {
        try (Mapping mapping = first.map()) {
            return mapping.buffer().getInt(flow * Long.BYTES);
        }
    }

    /** The client of a flow: its address, words read little endian, and then its port. */
    static int[] client(Family family, long seed, int flow) {
        long random = random(seed + flow);
        if (family == Family.IPV4) {
            return new int[] {(int) random & ~0xc0 | 0x80, (int) (random >>> 32) & 0xffff};
        }
        ByteBuffer template = ByteBuffer.wrap(template(family)).order(ByteOrder.LITTLE_ENDIAN);
        return new int[] {
            template.getInt(IPV6_SOURCE), template.getInt(IPV6_SOURCE + 4), (int) random, (int) (random >>> 32),
            (int) random(random) & 0xffff};
    }

    private static long random(long number) {
        long mixed = number * 0x9e3779b97f4a7c15L;
        mixed = (mixed ^ mixed >>> 30) * 0xbf58476d1ce4e5b9L;
        mixed = (mixed ^ mixed >>> 27) * 0x94d049bb133111ebL;
        return mixed ^ mixed >>> 31;
    }

    /** Forgets where the first packets of flows went. */
    void forget() {
        try (Mapping mapping = first.map()) {
            ByteBuffer memory = mapping.buffer();
            memory.put(new byte[memory.remaining()]);
        }
    }

    private static byte[] number(int value) {
        return ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array();
    }

    @Override
    public void close() {
        program.close();
        end.close();
        plans.close();
        first.close();
        target.close();
        object.close();
    }
}
