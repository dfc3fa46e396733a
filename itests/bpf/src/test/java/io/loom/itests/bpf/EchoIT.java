package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Family;
import io.loom.api.config.IcmpSettings;
import io.loom.datapath.Composition;
import io.loom.datapath.ScratchPlane;
import io.loom.datapath.Tuning;
import io.loom.datapath.internal.Keys;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.UpdateMode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the options of echo do; which requests are answered is in the packet table. */
class EchoIT {
    private static final int ECHO = 0; // enum loom_icmp_kind
    private static final int XDP_TX = 3;
    private static final long SECOND = 1_000_000_000L;
    private static final Frames FRAMES = new Frames();

    @RegisterExtension
    private static final Planes PLANES = new Planes();

    private ScratchPlane open(boolean echo, int rate) {
        Composition composition = Linked.shipped(Tuning.small(Linked.HZ).withIcmp(new IcmpSettings(echo, rate, 0)));
        ScratchPlane plane = PLANES.lend(composition, Map.of());
        plane.addWorld("ipip");
        return plane;
    }

    /** When the bucket of echoes is full again, on every CPU; the clock is that of System.nanoTime(). */
    private static void fullAt(ScratchPlane plane, long nanos) {
        BpfMap rates = plane.map("loom_icmp_rates");
        byte[] all = rates.lookup(Keys.of(ECHO)).orElseThrow();
        ByteBuffer words = ByteBuffer.wrap(all).order(ByteOrder.LITTLE_ENDIAN);
        while (words.hasRemaining()) {
            words.putLong(nanos);
        }
        rates.update(Keys.of(ECHO), all, UpdateMode.ANY);
    }

    @ParameterizedTest
    @EnumSource
    void noMoreThanTheRateAreAnsweredAndOthersAreForwardedAllTheSame(Family family) {
        ScratchPlane plane = open(true, 1);
        fullAt(plane, System.nanoTime() - 1);
        assertEquals("ECHO", plane.run(FRAMES.ping(family)).verdict(), "the bucket is full");
        fullAt(plane, System.nanoTime() + SECOND);
        assertEquals("DROP_ECHO_LIMITED", plane.run(FRAMES.ping(family)).verdict(), "the bucket was empty not a second ago");
        assertEquals("FORWARD", plane.run(FRAMES.request(family, "S", 40000)).verdict());
        PLANES.giveBack(plane);
    }

    @ParameterizedTest
    @EnumSource
    void aTenthOfASecondsAnswersMayBeGivenAtOnce(Family family) {
        ScratchPlane plane = open(true, 1000);
        byte[] frame = FRAMES.ping(family);
        long start = System.nanoTime();
        long answered = IntStream.range(0, 5000).filter(i -> plane.program().testRun(frame, 1).result() == XDP_TX).count();
        long millis = (System.nanoTime() - start) / 1_000_000 + 1;
        assertTrue(answered >= 100, answered + " answers");
        int cpus = Runtime.getRuntime().availableProcessors();
        assertTrue(answered <= cpus * (100 + millis), answered + " answers in " + millis + " ms");
        PLANES.giveBack(plane);
    }

    @ParameterizedTest
    @EnumSource
    void requestsAreLeftAloneWhereEchoIsOff(Family family) {
        byte[] frame = FRAMES.ping(family);
        ScratchPlane plane = open(false, 1);
        ScratchPlane.Outcome outcome = plane.run(frame);
        assertEquals("PASS_OTHER_PROTOCOL", outcome.verdict());
        assertArrayEquals(frame, outcome.frame());
        PLANES.giveBack(plane);
    }
}
