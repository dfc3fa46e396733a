package io.loom.datapath.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Family;
import io.loom.api.Problem;
import io.loom.api.control.Status.AttachmentView;
import io.loom.datapath.Tuning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The specification's table of common issues, as status tells it. */
class SymptomsTest {
    private static final Tuning.Connections ROOM = new Tuning.Connections(1000, Tuning.Connections.Kind.CACHE);
    private static final long SECOND = 1_000_000_000L;
    @TempDir
    private Path net;
    private final Symptoms symptoms = new Symptoms(new Drivers(Path.of("/nowhere"), device -> "5: " + device + ": <UP> veth numtxqueues 1"));
    private long clock = 7 * SECOND;

    private List<String> sweep(long four, long six, long refused) {
        clock += 2 * SECOND;
        symptoms.tables(Map.of(Family.IPV4, four, Family.IPV6, six), ROOM, refused, clock);
        return symptoms.problems().stream().map(problem -> problem.code() + " " + problem.what()).toList();
    }

    @Test
    void aTableThatIsNearlyFullIsToldOfUntilItIsNoMore() {
        assertEquals(List.of(), sweep(899, 0, 0));
        assertEquals(List.of("LOOM-1295 the table of IPv4 connections is nearly full"), sweep(900, 0, 0));
        assertTrue(symptoms.problems().get(0).why().contains("900 of 1000"), symptoms.problems().get(0).why());
        assertTrue(symptoms.problems().get(0).fix().contains("max_entries"));
        assertEquals(2, sweep(850, 1000, 0).size(), "of each family, and not to and fro");
        assertEquals(List.of("LOOM-1295 the table of IPv6 connections is nearly full"), sweep(799, 950, 0));
        assertEquals(List.of(), sweep(0, 10, 0));
    }

    @Test
    void connectionsThatFoundNoRoomAreToldOfForAMinute() {
        assertEquals(List.of(), sweep(10, 0, 5), "before this process began");
        assertEquals(1, sweep(10, 0, 6).size());
        for (int i = 0; i < 29; i++) {
            assertEquals(1, sweep(10, 0, 6).size(), "after " + 2 * i + " s");
        }
        assertEquals(List.of(), sweep(10, 0, 6));
        assertEquals(1, sweep(10, 0, 7).size());
    }

    private List<Problem> look(String mode, boolean generic) {
        symptoms.modes(List.of(new AttachmentView("eth0", 5, mode, 1, "")), generic);
        return symptoms.problems();
    }

    @Test
    void aDriverThatCannotBeReadIsToldOfUntilItCan() {
        boolean[] readable = {false};
        Symptoms symptoms = new Symptoms(new Drivers(Path.of("/nowhere"), device -> {
            if (!readable[0]) {
                throw new IOException("no ip command");
            }
            return "5: " + device + ": <UP> dummy";
        }));
        symptoms.modes(List.of(new AttachmentView("eth0", 5, "generic", 1, "")), true);
        assertEquals(List.of("LOOM-1270"), symptoms.problems().stream().map(Problem::code).toList());
        readable[0] = true;
        symptoms.modes(List.of(new AttachmentView("eth0", 5, "generic", 1, "")), true);
        assertEquals(List.of(), symptoms.problems());
    }

    @Test
    void genericModeWhereNativeWouldDoIsToldOfUntilTheModeIsAnother() {
        assertEquals("LOOM-1296", look("generic", true).get(0).code());
        assertTrue(look("generic", true).get(0).why().contains("veth"));
        assertEquals("set ebpf.xdp.mode: native", look("generic", true).get(0).fix());
        assertEquals(List.of(), look("native", false));
        assertEquals(List.of(), look("generic", false), "a fallback has its own problem, with the driver's reason");
    }

    @Test
    void whatADriverCannotDoIsNotAsked() throws IOException {
        for (String driver : List.of("e1000", "ixgbe")) {
            Files.createDirectories(net.resolve("drivers/" + driver));
            Files.createDirectories(net.resolve(driver + "0/device"));
            Files.createSymbolicLink(net.resolve(driver + "0/device/driver"), net.resolve("drivers/" + driver));
        }
        Drivers drivers = new Drivers(net, device -> "");
        assertTrue(drivers.withNativeXdp("e10000", 1).isEmpty());
        assertEquals("ixgbe", drivers.withNativeXdp("ixgbe0", 2).orElseThrow());
        assertTrue(drivers.withNativeXdp("dummy0", 3).isEmpty());
    }
}
