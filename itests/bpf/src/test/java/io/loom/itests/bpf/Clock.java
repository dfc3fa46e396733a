package io.loom.itests.bpf;

import io.loom.datapath.Composer;
import io.loom.datapath.Tuning;
import io.loom.libbpf.BpfObject;
import io.loom.libbpf.BpfProgram;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The clock of programs that {@link Linked} makes, which counts jiffies of whatever length as if there were 250 a second. */
final class Clock {
    private static final BpfProgram PROGRAM = load();

    private Clock() {}

    private static BpfProgram load() {
        BpfObject object = BpfObject.open("loom_questions", Composer.object("nexthop"));
        object.load();
        return object.program("loom_clock");
    }

    static int tick() {
        byte[] clocks = PROGRAM.testRun(new byte[64], 1).frame();
        long jiffies = ByteBuffer.wrap(clocks).order(ByteOrder.LITTLE_ENDIAN).getLong();
        return (int) (jiffies >>> Tuning.tickShift(Linked.HZ));
    }
}
