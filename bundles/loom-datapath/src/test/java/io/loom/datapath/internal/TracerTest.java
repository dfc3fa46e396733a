package io.loom.datapath.internal;

import static io.loom.datapath.internal.TestHost.DEVICE;
import static io.loom.datapath.internal.TestHost.FIRST;
import static io.loom.datapath.internal.TestHost.SECOND;
import static io.loom.datapath.internal.TestHost.await;
import static io.loom.datapath.internal.TestHost.config;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.IpAddress;
import io.loom.api.LoomException;
import io.loom.api.config.LoomConfig;
import io.loom.api.config.MapSettings;
import io.loom.api.control.Tracing;
import io.loom.datapath.internal.layout.TraceWanted;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.UpdateMode;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Readers of the trace, and what is left in the kernel when they have gone. */
class TracerTest extends DataPlaneFixture {
    /** The host itself says things on the interface too. */
    private static final Tracing.Wanted CLIENT = new Tracing.Wanted(Set.of(), IpAddress.parse("10.1.0.99"), Optional.empty());
    private static final Duration PATIENCE = Duration.ofSeconds(3);
    private static final Duration SHORT = Duration.ofMillis(200);

    /** What the program is told. */
    private static byte[] told() {
        try (BpfMap map = BpfMap.open(ROOT.resolve("maps/loom_trace_on"))) {
            return map.lookup(Keys.of(0)).orElseThrow();
        }
    }

    @Test
    void twoReadersSeeEachPacketAndThereIsNoRoomForAThird() throws Exception {
        balance(plane);
        Tracing.Reader one = plane.read(CLIENT).orElseThrow();
        Tracing.Reader two = plane.read(CLIENT).orElseThrow();
        assertTrue(plane.read(CLIENT).isEmpty());
        runSyn();
        List<Tracing.Packet> packets = one.next(PATIENCE);
        assertEquals(packets, two.next(PATIENCE));
        Tracing.Packet packet = packets.get(0);
        assertEquals("forward", packet.reason());
        assertEquals("web", packet.way().vip());
        assertEquals("tcp 10.9.9.9:80", packet.way().listener());
        assertTrue(Set.of(FIRST.toString(), SECOND.toString()).contains(packet.way().backend()), packet::toString);
        assertEquals("10.1.0.99", packet.headers().source());
        assertTrue(Duration.between(packet.time(), java.time.Instant.now()).abs().compareTo(PATIENCE) < 0, packet::toString);
        one.close();
        runSyn();
        assertEquals(1, two.next(PATIENCE).size());
        two.close();
        assertArrayEquals(TraceWanted.NOTHING.encode(), told());
    }

    @Test
    void aReaderSeesOnlyWhatItWants() throws Exception {
        balance(plane);
        try (Tracing.Reader replies = plane.read(new Tracing.Wanted(Set.of(2), Optional.empty(), Optional.empty())).orElseThrow();
                Tracing.Reader client = plane.read(
                        new Tracing.Wanted(Set.of(), IpAddress.parse("10.1.0.99"), Optional.of("web"))).orElseThrow()) {
            runSyn();
            assertEquals(1, client.next(PATIENCE).size());
            assertEquals(List.of(), replies.next(SHORT));
        }
        try (Tracing.Reader other = plane.read(new Tracing.Wanted(Set.of(), Optional.empty(), Optional.of("mail"))).orElseThrow()) {
            runSyn();
            assertEquals(List.of(), other.next(SHORT));
        }
    }

    @Test
    void itGoesOnForLongerThanTheProgramWouldByItself() throws Exception {
        balance(plane);
        try (Tracing.Reader reader = plane.read(CLIENT).orElseThrow()) {
            assertEquals(List.of(), reader.next(Duration.ofMillis(4500)));
            runSyn();
            assertEquals(1, reader.next(PATIENCE).size());
        }
    }

    @Test
    void theEndOfTheDataPathEndsTheReadersAndWhatTheProgramDoes() throws Exception {
        Tracing.Reader reader = plane.read(CLIENT).orElseThrow();
        plane.close();
        assertFalse(reader.isOpen());
        assertEquals(0, reader.lost());
        assertArrayEquals(TraceWanted.NOTHING.encode(), told());
        reader.close();
    }

    @Test
    void whatADeadControlPlaneHasLeftOnIsTurnedOff() throws Exception {
        plane.close();
        try (BpfMap map = BpfMap.open(ROOT.resolve("maps/loom_trace_on"))) {
            map.update(Keys.of(0), new TraceWanted(Long.MAX_VALUE, Set.of(), List.of()).encode(), UpdateMode.ANY);
        }
        plane = open();
        plane.configure(config(DEVICE));
        assertArrayEquals(TraceWanted.NOTHING.encode(), told());
    }

    @Test
    void anInstanceFromBeforeTheTraceIsAdoptedAndTracesOnceItsProgramIsReplaced() throws Exception {
        balance(plane);
        int program = plane.program().id();
        plane.close();
        forget("loom_trace");
        forget("loom_trace_on");
        plane = open();
        plane.configure(config(DEVICE));
        assertEquals(program, plane.program().id());
        assertEquals(2, plane.applied().backends().size());
        assertEquals("LOOM-1250", assertThrows(LoomException.class, () -> plane.read(CLIENT)).code());
        plane.configure(TestHost.config(io.loom.api.config.Attachment.Mode.NATIVE, 4, DEVICE));
        await("another program", () -> plane.program().id() != program);
        try (Tracing.Reader reader = plane.read(CLIENT).orElseThrow()) {
            runSyn();
            assertEquals(1, reader.next(PATIENCE).size());
        }
    }

    @Test
    void anotherSizeOfTheRingNeedsARestart() {
        assertEquals(List.of(), plane.problems().stream().filter(problem -> problem.code().equals("LOOM-1220")).toList());
        LoomConfig other = config(DEVICE);
        MapSettings maps = other.maps();
        plane.configure(new LoomConfig(
                other.enabled(), other.attachment(), other.conntrack(),
                new MapSettings(maps.backends(), maps.connections(), maps.stats(), maps.batch(), 16384), other.nat(), other.dsr(),
                other.icmp(), other.vips(), other.upstreams(), other.admin(), List.of()));
        assertEquals(List.of("xdp.ring_buffer_size needs a restart"), plane.problems().stream()
                .filter(problem -> problem.code().equals("LOOM-1220")).map(problem -> problem.what()).toList());
    }
}
