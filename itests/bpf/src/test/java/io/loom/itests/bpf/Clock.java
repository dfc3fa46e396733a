package io.loom.itests.bpf;

import io.loom.datapath.Composer;
import io.loom.datapath.Tuning;
import io.loom.libbpf.BpfObject;
import io.loom.libbpf.BpfProgram;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.IntFunction;

/** The clock of programs that {@link Linked} makes, which counts jiffies of whatever length as if there were 250 a second. */
final class Clock {
    private static final BpfProgram PROGRAM = load();

    private Clock() {}

    private static BpfProgram load() {
        BpfObject object = BpfObject.open("loom_questions", Composer.object("nexthop"));
        object.load();
        return object.program("loom_clock");
    }

    /** What the body returns of a call that was over in the tick that it was given: so it can say to a tick how long ago something was. */
    static <T> T inOneTick(IntFunction<T> body) {
        for (int attempt = 0; attempt < 10; attempt++) {
            int now = tick();
            T result = body.apply(now);
            if (tick() == now) {
                return result;
            }
        }
        throw new AssertionError("the clock went on each time");
    }

    static int tick() {
        byte[] clocks = PROGRAM.testRun(new byte[64], 1).frame();
        long jiffies = ByteBuffer.wrap(clocks).order(ByteOrder.LITTLE_ENDIAN).getLong();
        return (int) (jiffies >>> Tuning.tickShift(Linked.HZ));
    }
}
