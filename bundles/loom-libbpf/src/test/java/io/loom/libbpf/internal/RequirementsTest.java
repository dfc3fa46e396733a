package io.loom.libbpf.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Problem;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RequirementsTest {

    @Test
    void rootAndTwoCapabilitiesWillDo() {
        assertEquals(Optional.empty(), Requirements.capabilities(List.of("Name:\tjava", "CapEff:\t000001ffffffffff")));
        assertEquals(Optional.empty(), Requirements.capabilities(List.of("CapEff:\t000000c000001000")));
        assertEquals(Optional.empty(), Requirements.capabilities(List.of("CapEff:\t0000008000001000")), "CAP_BPF and CAP_NET_ADMIN");
        assertEquals(Optional.empty(), Requirements.capabilities(List.of("CapEff:\t0000000000201000")));
    }

    @Test
    void withoutPerfmonOrAllPowersTheKernelMistrustsPrograms() {
        assertFalse(Requirements.mistrusted(List.of("CapEff:\t000001ffffffffff")));
        assertFalse(Requirements.mistrusted(List.of("CapEff:\t000000c000001000")));
        assertFalse(Requirements.mistrusted(List.of("CapEff:\t0000000000201000")));
        assertTrue(Requirements.mistrusted(List.of("Name:\tjava", "CapEff:\t0000008000001000")));
        Problem slow = Requirements.mitigated();
        assertEquals("LOOM-1017", slow.code());
        assertTrue(slow.why().contains("CAP_PERFMON") && slow.why().contains("mitigations") && slow.fix().contains("CAP_PERFMON"), slow.text());
    }

    @Test
    void everyMissingCapabilityIsNamed() {
        Problem none = Requirements.capabilities(List.of("CapEff:\t0000000000000000")).orElseThrow();
        assertEquals("LOOM-1002", none.code());
        assertTrue(none.why().contains("CAP_NET_ADMIN, CAP_BPF"), none.why());
        Problem network = Requirements.capabilities(List.of("CapEff:\t0000000000200000")).orElseThrow();
        assertEquals("the process lacks CAP_NET_ADMIN", network.why());
    }

    @Test
    void kernelsFrom510OnWillDo() {
        for (String release : List.of("5.10.0-32-amd64", "5.15.1", "6.1.0", "10.0")) {
            assertEquals(Optional.empty(), Requirements.kernel(release), release);
        }
        for (String release : List.of("5.9.16", "4.19.0-27-amd64", "unknown")) {
            assertEquals("LOOM-1004", Requirements.kernel(release).orElseThrow().code(), release);
        }
    }

    @Test
    void librariesFrom11OnWillDo() {
        assertEquals(Optional.empty(), Requirements.library(1, 1));
        assertEquals(Optional.empty(), Requirements.library(2, 0));
        assertEquals("LOOM-1001", Requirements.library(1, 0).orElseThrow().code());
        assertEquals("LOOM-1001", Requirements.library(0, 8).orElseThrow().code());
    }

    @Test
    void aMissingLibrarySaysHowToInstallIt() {
        Problem problem = Requirements.libraryMissing(
                "Unable to load library 'libbpf.so.1':\nlibbpf.so.1: cannot open shared object file\nelsewhere");
        assertEquals("LOOM-1001", problem.code());
        assertTrue(problem.fix().contains("apt-get install libbpf1"), problem.fix());
        assertEquals("libbpf.so.1: cannot open shared object file", problem.why());
    }
}
