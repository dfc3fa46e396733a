package io.loom.itests.karaf;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import io.loom.itests.karaf.Installation.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.Before;
import org.junit.Rule;
import org.junit.Test;
import org.junit.rules.TemporaryFolder;

/** bin/loomd and bin/loom where none comes to run: answers, checks of a file, and starts that end at once. */
public class LoomdEndsIT {
    private static final String INSTANCE = "itest-ends";
    private static final Installation LOOM = Installation.built();

    @Rule
    public final TemporaryFolder folder = new TemporaryFolder();
    private Path work;
    private Path config;

    @Before
    public void write() throws IOException {
        work = folder.getRoot().toPath();
        config = Files.writeString(work.resolve("loom.yaml"), "ebpf: {enabled: true}\n");
    }

    @Test
    public void wrongUsageIsStatus64WithTheReason() throws Exception {
        assertUsage("--config FILE is needed");
        assertUsage("no such file", "--config", "/no/such/file");
        assertUsage("there is no option --daemon", "--daemon");
        assertUsage("needs a value", "--config");
        assertUsage("given twice", "--data", "a", "--data", "b", "--config", config.toString());
        assertUsage("cannot be combined", "--check", "--detach");
        assertUsage("--instance", "--config", config.toString(), "--instance", "../x");
    }

    @Test
    public void helpAndVersionAreAnswers() throws Exception {
        Outcome help = LOOM.run("loomd", "--help");
        assertEquals(0, help.status());
        assertTrue(help.output(), help.output().contains("--detach"));
        assertTrue(LOOM.run("loomd", "--version").output().startsWith("loom "));
    }

    @Test
    public void anInvalidFileEndsTheFirstStartWithStatus2AndEveryProblem() throws Exception {
        Path wrong = Files.writeString(work.resolve("wrong.yaml"), "ebpf:\n  mode: fast\n  colour: red\n");
        Outcome start = LOOM.run("loomd", "--config", wrong.toString(),
                "--data", work.resolve("other").toString(), "--instance", INSTANCE + "-wrong");
        assertEquals(start.output(), 2, start.status());
        Outcome check = LOOM.run("loomd", "--check", "--config", wrong.toString());
        assertEquals(check.output(), 2, check.status());
        for (Outcome outcome : List.of(start, check)) {
            assertTrue(outcome.output(), outcome.output().contains("wrong.yaml:2:"));
            assertTrue(outcome.output(), outcome.output().contains("wrong.yaml:3:"));
            assertFalse(outcome.output(), outcome.output().contains("\tat "));
        }
    }

    /** A cache of a million connections has two million places of 16 bytes for IPv4, and of 32 for IPv6; nat has pairs beside it. */
    @Test
    public void aCheckSaysWhatMemoryTheMapsWillTake() throws Exception {
        Outcome check = LOOM.run("loomd", "--check", "--config", config.toString());
        assertEquals(check.output(), 0, check.status());
        Path large = Files.writeString(work.resolve("large.yaml"), "ebpf: {enabled: true, maps: {connections: {max_entries: 1000000}}}\n");
        Outcome other = LOOM.run("loomd", "--check", "--config", large.toString());
        assertTrue(other.output(), other.output().contains("map loom_conns4, 250000 entries: 30.5 MiB"));
        assertTrue(other.output(), other.output().contains("map loom_conns6, 250000 entries: 61.0 MiB"));
        assertTrue(other.output(), other.output().contains("map nat_pairs4, "));
        assertTrue(other.output(), other.output().lines().anyMatch(line -> line.startsWith("all maps together: ")));
    }

    @Test
    public void aCheckWarnsOfWhatTheAssemblyDoesNotHave() throws Exception {
        Path misspelt = Files.writeString(work.resolve("misspelt.yaml"), """
                ebpf:
                  interface: no-such-device
                  vips:
                    - {name: web, addresses: 10.0.0.9, ports: 80, forwarding: ipipp, algorithm: maglv, backends: [{address: 10.0.0.1, port: 80}]}
                """);
        Outcome check = LOOM.run("loomd", "--check", "--config", misspelt.toString());
        assertEquals(check.output(), 0, check.status());
        for (String said : List.of("LOOM-2121 " + misspelt + ":2:14: interface no-such-device", "there are: gue, ipip, l2, nat; did you mean ipip?",
                "there are: maglev, round_robin, weighted; did you mean maglev?")) {
            assertTrue(check.output(), check.output().contains(said));
        }
    }

    @Test
    public void aFullDiskEndsTheFirstStartWithOneLine() throws Exception {
        Path small = Files.createDirectory(work.resolve("small"));
        for (String options : List.of("size=1m", "size=64m,nr_inodes=2")) {
            assertEquals(0, new ProcessBuilder("mount", "-t", "tmpfs", "-o", options, "none", small.toString()).start().waitFor());
            try {
                Outcome full = LOOM.run("loomd", "--config", config.toString(), "--data", small.resolve("data").toString(), "--instance", INSTANCE + "-full");
                assertEquals(full.output(), 73, full.status());
                assertEquals(full.output(), 1, full.output().lines().count());
                assertTrue(full.output(), full.output().startsWith("loomd: --data " + small));
            } finally {
                assertEquals(0, new ProcessBuilder("umount", small.toString()).start().waitFor());
            }
        }
    }

    /** It would be waited for without a word. */
    @Test
    public void aLockThatIsNoFileEndsTheStartWithOneLine() throws Exception {
        Path odd = Files.createDirectory(work.resolve("odd"));
        assertEquals(0, new ProcessBuilder("mkfifo", odd.resolve("lock").toString()).start().waitFor());
        Outcome refused = LOOM.run("loomd", "--config", config.toString(), "--data", odd.toString(), "--instance", INSTANCE + "-odd");
        assertEquals(refused.output(), 73, refused.status());
        assertEquals("loomd: --data " + odd + ": " + odd + "/lock is no plain file\n", refused.output());
    }

    @Test
    public void whatIsNoFileAmongTheKeysIsNamedByTheClient() throws Exception {
        Path odd = work.resolve("odd-keys");
        Files.createDirectories(odd.resolve("ssh"));
        Files.writeString(odd.resolve("ssh/address"), "127.0.0.1 1\n");
        assertEquals(0, new ProcessBuilder("mkfifo", odd.resolve("ssh/known_hosts").toString()).start().waitFor());
        Outcome refused = LOOM.run("loom", "--data", odd.toString(), "status");
        assertEquals(refused.output(), 77, refused.status());
        assertEquals("loom: " + odd + "/ssh/known_hosts is no plain file; remove it and restart loomd\n", refused.output());
    }

    private static void assertUsage(String reason, String... arguments) throws Exception {
        Outcome outcome = LOOM.run("loomd", arguments);
        assertEquals(outcome.output(), 64, outcome.status());
        assertTrue(outcome.output(), outcome.output().contains(reason));
    }
}
