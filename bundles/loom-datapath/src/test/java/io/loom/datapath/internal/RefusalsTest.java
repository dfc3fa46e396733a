package io.loom.datapath.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.api.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Interfaces that drop what they are to send, of which two are looked at. */
class RefusalsTest {
    private static final long SECOND = 1_000_000_000L;
    private static final Set<String> BOTH = Set.of("eth0", "eth1");

    @TempDir
    Path net;

    private final Readings readings = new Readings();
    private Refusals refusals;
    private long now = SECOND;

    @BeforeEach
    void start() throws IOException {
        refusals = new Refusals(net, readings);
        write("eth0", 1000, 70, 5);
        write("eth1", 1000, 0, 0);
        look(BOTH);
    }

    private void write(String device, long sent, long dropped, long errors) throws IOException {
        Path counters = Files.createDirectories(net.resolve(device).resolve("statistics"));
        Files.writeString(counters.resolve("tx_packets"), sent + "\n");
        Files.writeString(counters.resolve("tx_dropped"), dropped + "\n");
        Files.writeString(counters.resolve("tx_errors"), errors + "\n");
    }

    private void look(Set<String> devices) {
        refusals.look(devices, now);
        now += SECOND;
    }

    private List<String> told() {
        return refusals.problems().stream().map(problem -> problem.code() + " " + problem.what()).toList();
    }

    @Test
    void whatWasDroppedBeforeIsNobodysTroubleNow() {
        assertEquals(List.of(), told());
        look(BOTH);
        assertEquals(List.of(), told());
    }

    /** At so many looks of which each finds the same growth. */
    private void grow(String device, int looks, long sent, long dropped, long errors) throws IOException {
        for (int i = 1; i <= looks; i++) {
            write(device, 1000 + i * sent, i * dropped, i * errors);
            look(BOTH);
        }
    }

    @Test
    void itIsToldByTheInterfaceUntilItHasBecomeRare() throws IOException {
        grow("eth1", 2, 0, 1, 0);
        assertEquals(List.of(), told(), "a queue that was full for two looks");
        write("eth1", 1000, 3, 0);
        look(BOTH);
        assertEquals(List.of("LOOM-1278 eth1 drops packets that it is to send"), told());
        for (int i = 0; i < 17; i++) {
            look(BOTH);
            assertEquals(1, told().size(), "after " + i);
        }
        look(BOTH);
        assertEquals(List.of(), told());
    }

    @Test
    void errorsCountAndSmallSharesDoNot() throws IOException {
        grow("eth1", 5, 999, 0, 1);
        assertEquals(List.of(), told(), "1 of 1000");
        grow("eth1", 5, 998, 0, 1);
        assertEquals(List.of("LOOM-1278 eth1 drops packets that it is to send"), told(), "1 of 999");
    }

    @Test
    void anInterfaceThatGoesTakesItsTroubleAlongAndOneThatComesAnewBeginsAnew() throws IOException {
        grow("eth1", 3, 0, 1, 0);
        assertEquals(1, told().size());
        look(Set.of("eth0"));
        assertEquals(List.of(), told());
        look(BOTH);
        assertEquals(List.of(), told());
    }

    @Test
    void whatCannotBeReadIsAProblemUntilItCan() throws IOException {
        Files.writeString(net.resolve("eth1/statistics/tx_dropped"), "many\n");
        look(BOTH);
        assertEquals(List.of("LOOM-1270"), readings.problems().stream().map(Problem::code).toList());
        write("eth1", 1000, 0, 0);
        look(BOTH);
        assertEquals(List.of(), readings.problems());
        assertEquals(List.of(), told());
    }
}
