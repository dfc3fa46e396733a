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
import java.util.List;

/** bench.bpf.c around a program: every run is a packet of the next flow. Flows go on where the run before ended. */
final class Wrapper implements AutoCloseable {
    private static final byte[] FIRST = new byte[Integer.BYTES];

    private final BpfProgram program;
    private final BpfMap target;

    private Wrapper(BpfProgram program, BpfMap target) {
        this.program = program;
        this.target = target;
    }

    static Wrapper around(BpfProgram measured, Frame frame, List<Flow> flows) {
        try (BpfObject object = BpfObject.open("bench", object("bench"))) {
            object.setConstant("bench_frame", frame.bytes());
            object.setConstant("bench_flow_count", number(flows.size()));
            object.setConstant("bench_address_at", number(frame.addressAt()));
            object.setConstant("bench_port_at", number(frame.portAt()));
            object.setConstant("bench_check_at", number(frame.checkAt()));
            object.setConstant("bench_check_sum", number(frame.checkSum()));
            object.resize("bench_flows", flows.size());
            object.load();
            try (BpfMap map = object.map("bench_flows"); Mapping mapping = map.map()) {
                ByteBuffer buffer = mapping.buffer();
                flows.forEach(flow -> buffer.put(flow.encode()));
            }
            BpfMap target = object.map("bench_target");
            // A program array loses its entries with its last descriptor, so this one stays open.
            target.update(FIRST, number(measured.fd()), UpdateMode.ANY);
            return new Wrapper(object.program("loom_bench"), target);
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

    /** Runs for that many packets; the result is that of the last. */
    BpfProgram.TestRun run(int packets) {
        return program.testRun(new byte[Frame.LENGTH], packets);
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
