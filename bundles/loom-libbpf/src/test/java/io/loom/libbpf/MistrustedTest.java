package io.loom.libbpf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Function;
import com.sun.jna.Memory;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

/** What a process may do that has the specification's two capabilities and not CAP_PERFMON: a thread that has given up the others. */
class MistrustedTest {
    private static final int VERSION_3 = 0x20080522;
    private static final int CAP_NET_ADMIN = 12;
    private static final int CAP_BPF = 39;

    @Test
    void whatTheVerifierTakesRunsAndIsSaidToBeSlower() throws Exception {
        withTwoCapabilities(() -> {
            try (BpfObject object = TestObjects.loadedHost(); BpfProgram program = object.program("test_host")) {
                assertTrue(program.id() > 0);
            }
            assertEquals(Optional.of("LOOM-1017"), Kernel.mitigations().map(problem -> problem.code()));
        });
        assertEquals(Optional.empty(), Kernel.mitigations(), "other threads have what they had");
    }

    /** A frame's length is the difference of two pointers. */
    @Test
    void whatItRefusesSaysWhichCapabilityIsMissing() throws Exception {
        withTwoCapabilities(() -> {
            try (BpfObject object = BpfObject.open("test", TestObjects.host().bytes())) {
                object.setConstant("host_flag", new byte[] {1});
                BpfException refused = assertThrows(BpfException.class, object::load);
                assertEquals("LOOM-1002", refused.code());
                assertTrue(refused.getMessage().contains("CAP_PERFMON"), refused.getMessage());
                assertTrue(refused.verifierLog().isPresent());
            }
        });
    }

    private static void withTwoCapabilities(Runnable what) throws InterruptedException {
        FutureTask<Void> task = new FutureTask<>(() -> {
            keepTwoCapabilities();
            what.run();
        }, null);
        Thread thread = new Thread(task);
        thread.start();
        thread.join();
        try {
            task.get();
        } catch (ExecutionException failed) {
            throw new AssertionError(failed.getCause());
        }
    }

    /** capset(2), of this thread alone. */
    private static void keepTwoCapabilities() {
        Memory header = new Memory(2L * Integer.BYTES);
        header.setInt(0, VERSION_3);
        header.setInt(Integer.BYTES, 0);
        Memory sets = new Memory(6L * Integer.BYTES);
        sets.clear();
        for (int set = 0; set < 2; set++) { // effective, permitted
            sets.setInt(set * Integer.BYTES, 1 << CAP_NET_ADMIN);
            sets.setInt((3 + set) * Integer.BYTES, 1 << CAP_BPF - Integer.SIZE);
        }
        assertEquals(0, Function.getFunction("c", "capset").invokeInt(new Object[] {header, sets}));
    }
}
