package io.loom.itests.bench;

import io.loom.libbpf.BpfMap;
import io.loom.libbpf.BpfObject;
import io.loom.libbpf.BpfProgram;
import io.loom.libbpf.Mapping;
import io.loom.libbpf.UpdateMode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** bench.bpf.c around a program: every run is a packet of the next flow. Flows go on where the run before ended. */
final class Wrapper implements AutoCloseable {
    private static final byte[] FIRST = new byte[Integer.BYTES];
    /** Frames between two flushes of a live run: what a driver polls at once. */
    private static final int BATCH = 64;

    private final BpfProgram program;
    private final BpfMap target;
    private final int flows;

    private Wrapper(BpfProgram program, BpfMap target, int flows) {
        this.program = program;
        this.target = target;
        this.flows = flows;
    }

    static Wrapper around(BpfProgram measured, Frame frame, Flows flows) {
        try (BpfObject object = BpfObject.open("bench", object("bench"))) {
            object.setConstant("bench_frame", frame.bytes());
            object.setConstant("bench_flow_count", number(flows.count()));
            object.setConstant("bench_address_at", number(frame.addressAt()));
            object.setConstant("bench_port_at", number(frame.portAt()));
            object.setConstant("bench_signals_at", number(frame.signalsAt()));
            object.setConstant("bench_check_at", number(frame.checkAt()));
            object.setConstant("bench_check_sum", number(frame.checkSum()));
            object.resize("bench_flows", flows.count());
            object.load();
            try (BpfMap map = object.map("bench_flows"); Mapping mapping = map.map()) {
                flows.write(mapping.buffer());
            }
            BpfMap target = object.map("bench_target");
            // A program array loses its entries with its last descriptor, so this one stays open.
            target.update(FIRST, number(measured.fd()), UpdateMode.ANY);
            return new Wrapper(object.program("loom_bench"), target, flows.count());
        }
    }

    /** A compiled object on the class path. */
    static byte[] object(String name) {
        try (InputStream object = Wrapper.class.getResourceAsStream("/bpf/" + name + ".bpf.o")) {
            return object.readAllBytes();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    int flows() {
        return flows;
    }

    /** Runs for that many packets; nanoseconds of each. */
    long run(int packets) {
        return test(packets).nanosPerRun();
    }

    /** The same, with what became of the last packet. */
    BpfProgram.TestRun test(int packets) {
        return program.testRun(new byte[Frame.LENGTH], packets);
    }

    /** The same with frames that leave. */
    long runLive(int ingress, int packets) {
        return program.liveRun(new byte[Frame.LENGTH], ingress, packets, BATCH);
    }

    @Override
    public void close() {
        program.close();
        target.close();
    }

    private static byte[] number(int value) {
        return ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array();
    }
}
