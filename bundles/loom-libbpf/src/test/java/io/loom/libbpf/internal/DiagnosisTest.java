package io.loom.libbpf.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class DiagnosisTest {

    @Test
    void everyActionAndErrorHasACodeAndAFix() {
        for (Action action : Action.values()) {
            for (int errno = 1; errno < 134; errno++) {
                Diagnosis diagnosis = Diagnosis.of(action, errno, "", "");
                assertTrue(diagnosis.code().matches("LOOM-10\\d\\d"), action + " " + errno);
                assertFalse(diagnosis.fix().isEmpty(), action + " " + errno);
                assertTrue(diagnosis.why().contains(Errno.name(errno)), diagnosis.why());
            }
        }
    }

    @Test
    void missingPrivilegeNamesTheCapabilities() {
        Diagnosis diagnosis = Diagnosis.of(Action.CREATE_MAP, Errno.EPERM, "", "");
        assertEquals("LOOM-1002", diagnosis.code());
        assertTrue(diagnosis.fix().contains("CAP_BPF"), diagnosis.fix());
    }

    @Test
    void theVerifiersReasonIsTheEndOfItsLogWithoutStatistics() {
        String log = "0: R1=ctx()\n0: (61) r1 = *(u32 *)(r1 +0)\nR1 invalid mem access\n"
                + "processed 2 insns (limit 1000000) max_states_per_insn 0\n";
        Diagnosis diagnosis = Diagnosis.of(Action.LOAD, Errno.EACCES, "", log);
        assertEquals("LOOM-1005", diagnosis.code());
        assertTrue(diagnosis.why().endsWith("R1 invalid mem access (EACCES)"), diagnosis.why());
    }

    @Test
    void aProgramThatIsMistrustedSaysWhichCapabilityIsMissing() {
        Diagnosis diagnosis = Diagnosis.mistrusted(Errno.EACCES, "26: (1c) w3 -= w2\nR3 pointer -= pointer prohibited\nprocessed 24 insns\n");
        assertEquals("LOOM-1002", diagnosis.code());
        assertTrue(diagnosis.why().contains("lacks CAP_PERFMON") && diagnosis.why().endsWith("pointer -= pointer prohibited (EACCES)"), diagnosis.why());
        assertTrue(diagnosis.fix().contains("CAP_PERFMON"), diagnosis.fix());
    }

    @Test
    void aDriverWithoutXdpIsToldApartFromOneThatDislikesTheMtu() {
        assertTrue(Diagnosis.of(Action.ATTACH, Errno.EOPNOTSUPP, "", "").fix().contains("mode: generic"));
        assertTrue(Diagnosis.of(Action.OFFLOAD, Errno.EINVAL, "", "").fix().contains("mode: native"));
        Diagnosis mtu = Diagnosis.of(Action.ATTACH, Errno.EINVAL, "", "");
        assertTrue(mtu.fix().contains("MTU"), mtu.fix());
    }
}
