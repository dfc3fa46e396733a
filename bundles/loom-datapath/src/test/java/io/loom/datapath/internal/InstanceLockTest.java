package io.loom.datapath.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.LoomException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Between processes: within one, Java itself refuses a second lock. */
class InstanceLockTest {
    private static final Path FALLBACK = Path.of("target/lock");

    /** What the other process does: exit status 0 if it got the lock. */
    static final class Other {
        private Other() {}

        public static void main(String[] arguments) {
            try (InstanceLock lock = InstanceLock.take(TestHost.BPFFS, "test-lock", FALLBACK)) {
                lock.discard();
            } catch (LoomException refused) {
                System.out.println(refused.getMessage());
                System.exit(1);
            }
        }
    }

    @Test
    void anotherProcessIsRefusedWhileTheLockIsHeldAndToldWhoHasIt() throws Exception {
        InstanceLock lock = InstanceLock.take(TestHost.BPFFS, "test-lock", FALLBACK);
        Process refused = other();
        String said = new String(refused.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(1, refused.waitFor(), said);
        assertTrue(said.contains("process " + ProcessHandle.current().pid()), said);
        lock.close();
        assertEquals(0, other().waitFor());
    }

    private static Process other() throws IOException {
        String path = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        return new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp", path,
                Other.class.getName()).redirectErrorStream(true).start();
    }
}
