package io.loom.itests.karaf;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import io.loom.itests.karaf.Installation.Outcome;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.AfterClass;
import org.junit.BeforeClass;
import org.junit.Test;

/** bin/loomd and bin/loom as a user meets them: one run of loomd for all tests, on ports of its own. */
public class LoomdIT {
    private static final String INSTANCE = "itest-loomd";
    private static final int REST_PORT = 19392;
    private static final int SSH_PORT = 18402;
    private static final long START_SECONDS = 90;

    private static final Installation LOOM = Installation.built();
    private static Path work;
    private static Path config;
    private static Path data;
    private static Path log;
    private static TreeMap<String, String> before;
    private static Process loomd;

    @BeforeClass
    public static void start() throws Exception {
        work = Files.createTempDirectory("loom-itest");
        config = Files.writeString(work.resolve("loom.yaml"), """
                ebpf:
                  enabled: true
                admin:
                  rest: {address: 127.0.0.1, port: %d}
                  ssh: {address: 127.0.0.1, port: %d}
                """.formatted(REST_PORT, SSH_PORT));
        data = work.resolve("data with a space");
        log = work.resolve("log");
        before = LOOM.contents();
        loomd = LOOM.start(log, "loomd", "--config", config.toString(), "--data", data.toString(), "--instance", INSTANCE);
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
        while (!Files.readString(log).contains("loom waits for")) {
            assertTrue("loomd ended: " + Files.readString(log), loomd.isAlive());
            assertTrue("not up within " + START_SECONDS + " s: " + Files.readString(log), System.nanoTime() < end);
            Thread.sleep(50);
        }
    }

    @AfterClass
    public static void stop() throws Exception {
        loomd.destroyForcibly().waitFor();
        LOOM.run("loomd", "--detach", "--instance", INSTANCE, "--data", data.toString());
        try (var files = Files.walk(work)) {
            for (Path path : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    /** No packet reaches it: whoever asks must not send it traffic. REST works, so that an operator can look. */
    @Test
    public void withoutAnInterfaceItIsNotReadyAndSaysSo() throws Exception {
        HttpResponse<String> ready = get("/readyz");
        assertEquals(ready.body(), 503, ready.statusCode());
        assertTrue(ready.body(), ready.body().contains("none is named in ebpf.interface"));
        assertFalse(Files.readString(log), Files.readString(log).contains("loom ready"));
    }

    @Test
    public void connectionsAreServedThroughAllLayers() throws Exception {
        HttpResponse<String> page = get("/ebpf/connections?state=established");
        assertEquals(page.body(), 200, page.statusCode());
        assertEquals("{\n  \"connections\" : [ ],\n  \"next\" : \"\"\n}\n", page.body());
        assertTrue(get("/ebpf/connections?count=true").body().contains("\"total\" : 0"));
        assertEquals(400, get("/ebpf/connections?after=4-0-7").statusCode());
        Outcome list = loom("connection-list", "--state", "established", "--json");
        assertEquals(list.output(), page.body(), list.output());
    }

    private static HttpResponse<String> get(String path) throws Exception {
        return HttpClient.newHttpClient().send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + REST_PORT + path)).build(), HttpResponse.BodyHandlers.ofString());
    }

    @Test
    public void nothingListensButRestAndSshOnLoopback() throws Exception {
        Process ss = new ProcessBuilder("ss", "-Hlntup").start();
        TreeSet<String> listening = new TreeSet<>();
        for (String line : new String(ss.getInputStream().readAllBytes()).split("\n")) {
            if (line.contains("pid=" + loomd.pid() + ",")) {
                listening.add(line.split("\\s+")[4].replace("[::ffff:127.0.0.1]", "127.0.0.1"));
            }
        }
        assertEquals(new TreeSet<>(List.of("127.0.0.1:" + REST_PORT, "127.0.0.1:" + SSH_PORT)), listening);
    }

    @Test
    public void theProcessIsJavaItself() throws IOException {
        assertTrue(Files.readSymbolicLink(Path.of("/proc/" + loomd.pid() + "/exe")).endsWith("java"));
    }

    @Test
    public void theInstallationIsNotWrittenTo() throws IOException {
        assertEquals(before, LOOM.contents());
    }

    @Test
    public void oneCommandRunsWithOrWithoutItsScope() throws Exception {
        for (String command : List.of("status", "loom:status")) {
            Outcome outcome = loom(command, "--json");
            assertEquals(outcome.output(), 0, outcome.status());
            assertTrue(outcome.output(), outcome.output().contains("\"maglev\""));
        }
    }

    @Test
    public void aWholeCommandLineMayBeOneArgument() throws Exception {
        Outcome outcome = loom("loom:status --json");
        assertEquals(outcome.output(), 0, outcome.status());
        assertTrue(outcome.output(), outcome.output().contains("\"maglev\""));
        assertEquals(2, loom("no-such-command --json").status());
        for (List<String> none : List.of(List.of(""), List.of("status --json", "x"), List.of("", "status"))) {
            assertEquals(none.toString(), 64, loom(none.toArray(String[]::new)).status());
        }
    }

    @Test
    public void argumentsArriveAsTheyWereGiven() throws Exception {
        String hard = "a b$c\"d` [::1]:80 {x} (y) ;|<>#%=!~";
        assertEquals(hard + "\n", loom("shell:echo", hard).output());
        assertEquals("it's $5\n", loom("shell:echo", "it's $5").output());
        assertEquals(64, loom("shell:echo", "back\\slash").status());
    }

    @Test
    public void aFailedCommandHasAStatusAndSaysWhy() throws Exception {
        Outcome unknown = loom("no-such-command");
        assertEquals(unknown.output(), 2, unknown.status());
        assertTrue(unknown.output(), unknown.output().contains("no such command"));
        assertEquals(2, loom("status", "--no-such-option").status());
        Outcome absent = loom("backend-weight", "4711", "5");
        assertEquals(absent.output(), 1, absent.status());
        assertTrue(absent.output(), Pattern.compile("LOOM-\\d{4}").matcher(absent.output()).find());
    }

    @Test
    public void onlyTheGeneratedKeyLetsAnyoneIn() throws Exception {
        Process ssh = new ProcessBuilder("ssh", "-v", "-F", "/dev/null", "-o", "BatchMode=yes", "-o", "IdentityAgent=none",
                "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-p", Integer.toString(SSH_PORT),
                "loom@127.0.0.1", "status").redirectErrorStream(true).start();
        String said = new String(ssh.getInputStream().readAllBytes());
        assertEquals(said, 255, ssh.waitFor());
        assertTrue(said, said.contains("Authentications that can continue: publickey\r")
                || said.contains("Authentications that can continue: publickey\n"));
    }

    @Test
    public void aSecondOneOnTheSameDataIsRefused() throws Exception {
        Outcome second = LOOM.run("loomd", "--config", config.toString(), "--data", data.toString(), "--instance", "other");
        assertEquals(second.output(), 75, second.status());
    }

    private static String other(String name) throws IOException {
        return Files.writeString(work.resolve(name), Files.readString(config)
                .replace(Integer.toString(REST_PORT), "19393").replace(Integer.toString(SSH_PORT), "18403")).toString();
    }

    /** It must not wait for the first one to end: whoever started it twice has made a mistake. */
    @Test
    public void aSecondOneOfTheInstanceEndsWithTheReason() throws Exception {
        Path otherData = work.resolve("second");
        Outcome second = LOOM.run("loomd", "--config", other("second.yaml"), "--data", otherData.toString(), "--instance", INSTANCE);
        assertEquals(second.output(), 75, second.status());
        assertTrue(second.output(), second.output().contains("loomd: LOOM-5101 instance " + INSTANCE + " is in use: a loomd runs on it, process " + loomd.pid()));
        assertTrue("the first one runs on", loomd.isAlive());
    }

    @Test
    public void sighupReadsTheFileAgainAndSaysSo() throws Exception {
        assertEquals(0, new ProcessBuilder("kill", "-HUP", Long.toString(loomd.pid())).start().waitFor());
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
        while (!Files.readString(log).contains("says the same, and is in force") && System.nanoTime() < end) {
            Thread.sleep(50);
        }
        String said = Files.readString(log);
        assertTrue(said, said.contains("SIGHUP: the configuration is read again"));
        assertTrue(said, said.contains("says the same, and is in force"));
        assertTrue(loomd.isAlive());
    }

    /** BPF, PERFMON, SYS_NICE, NET_ADMIN and NET_BIND_SERVICE, by their numbers in linux/capability.h. */
    @Test
    public void startedAsRootItKeepsFivePowersAndCannotGetMore() throws IOException {
        List<String> status = Files.readAllLines(Path.of("/proc/" + loomd.pid() + "/status"));
        String kept = "%016x".formatted(1L << 39 | 1L << 38 | 1L << 23 | 1L << 12 | 1L << 10);
        for (String set : List.of("CapPrm", "CapEff", "CapBnd")) {
            assertTrue(status.toString(), status.contains(set + ":\t" + kept));
        }
        assertTrue(status.toString(), status.contains("CapInh:\t0000000000000000"));
        assertTrue(status.toString(), status.contains("NoNewPrivs:\t1"));
        Process able = new ProcessBuilder("sh", "-c", "ulimit -l unlimited 2>/dev/null; grep 'Max locked memory' /proc/self/limits").start();
        String most = new String(able.getInputStream().readAllBytes()).strip();
        String limits = Files.readString(Path.of("/proc/" + loomd.pid() + "/limits"));
        assertTrue(limits, limits.lines().anyMatch(line -> line.strip().equals(most)));
    }

    @Test
    public void sigtermEndsItWithinFiveSeconds() throws Exception {
        Path otherData = work.resolve("short");
        Process other = LOOM.start(work.resolve("short.log"), "loomd", "--config", other("short.yaml"),
                "--data", otherData.toString(), "--instance", INSTANCE + "-short");
        awaitIn(work.resolve("short.log"), "loom waits for");
        other.destroy();
        assertTrue("still there after 5 s", other.waitFor(5, TimeUnit.SECONDS));
        assertEquals(0, other.exitValue());
        String said = Files.readString(work.resolve("short.log"));
        assertTrue(said, said.contains("SIGTERM: Loom ends"));
        Outcome late = LOOM.run("loom", "--data", otherData.toString(), "status");
        assertEquals(late.output(), 69, late.status());
        Path pins = Path.of("/sys/fs/bpf/loom", INSTANCE + "-short");
        assertTrue("the data plane must outlive the process", Files.exists(pins));
        LOOM.run("loomd", "--detach", "--instance", INSTANCE + "-short", "--data", otherData.toString());
        assertFalse("--detach left pins", Files.exists(pins));
    }

    /**
     * In an installation of its own, since files in deploy/ come and go. Of the plugins there from the start one hangs when its
     * bundle starts, one when Loom asks for it, and some are no plugins at all.
     */
    @Test
    public void aPluginHoldsUpNeitherOthersNorTheStartNorTheEnd() throws Exception {
        Installation own = LOOM.copy(work.resolve("installation"));
        Path deploy = own.home().resolve("deploy");
        HostilePlugin.write(deploy.resolve("a-immediate.jar"), "itest.immediate", HostilePlugin.HangsWhenMade.class, true);
        HostilePlugin.write(deploy.resolve("a-delayed.jar"), "itest.delayed", HostilePlugin.HangsWhenMade.class, false);
        HostilePlugin.write(deploy.resolve("a-large.jar"), "itest.large", HostilePlugin.TakesTooMuchWhenMade.class, false);
        byte[] maglev = Files.readAllBytes(deploy.resolve("loom-algorithm-maglev.jar"));
        Files.write(deploy.resolve("truncated.jar"), java.util.Arrays.copyOf(maglev, maglev.length / 2));
        Files.write(deploy.resolve("maglev-copy.jar"), maglev);
        Path ownConfig = Files.writeString(work.resolve("hostile.yaml"), Files.readString(config)
                .replace(Integer.toString(REST_PORT), "19394").replace(Integer.toString(SSH_PORT), "18404"));
        Path ownLog = work.resolve("hostile.log");
        String[] place = {"--data", work.resolve("hostile").toString(), "--instance", INSTANCE + "-hostile"};
        Process other = own.start(ownLog, "loomd", "--config", ownConfig.toString(), place[0], place[1], place[2], place[3]);
        try {
            awaitIn(ownLog, "loom waits for");
            awaitCommand(own, place[1], "plugin-list", "a-immediate\\.jar .*hanging.*HangsWhenMade");
            awaitCommand(own, place[1], "plugin-list", "a-delayed\\.jar .*active.*its algorithm hangs");
            awaitCommand(own, place[1], "plugin-list", "a-large\\.jar .*its algorithm fails: its component cannot be made");
            awaitIn(ownLog, "java.lang.OutOfMemoryError");
            awaitCommand(own, place[1], "plugin-list", "truncated\\.jar .*broken .*not all of one");
            awaitCommand(own, place[1], "plugin-list", "maglev-copy\\.jar .*duplicate .*the same bundle as loom-algorithm-maglev.jar");
            awaitCommand(own, place[1], "status", "LOOM-4115 deploy/truncated.jar is not in use");
            awaitCommand(own, place[1], "status", "LOOM-4116 the bundle of deploy/a-immediate.jar hangs");
            awaitCommand(own, place[1], "status", "LOOM-4116 the algorithm of bundle itest.delayed hangs");
            awaitCommand(own, place[1], "bundle:list", "Loom :: health checks");
            HostilePlugin.write(deploy.resolve("late.jar"), "itest.late", HostilePlugin.Harmless.class, false);
            awaitCommand(own, place[1], "status", "algorithms +harmless, maglev");
            Files.delete(deploy.resolve("loom-algorithm-maglev.jar"));
            awaitCommand(own, place[1], "plugin-list", "maglev-copy\\.jar .*active +1 +algorithm maglev");
            awaitCommand(own, place[1], "status", "algorithms +harmless, maglev");
        } finally {
            other.destroy();
            boolean ended = other.waitFor(5, TimeUnit.SECONDS);
            other.destroyForcibly();
            LOOM.run("loomd", "--detach", place[0], place[1], place[2], place[3]);
            assertTrue("still there after 5 s", ended);
        }
        awaitIn(ownLog, "LOOM-5107 ");
        assertTrue(Files.readString(ownLog), Files.readString(ownLog).contains("a-immediate.jar: it does not come back"));
    }

    /** Karaf would end it without a word. */
    @Test
    public void itEndsInWordsWhenItsDataDirectoryIsGone() throws Exception {
        Path place = work.resolve("gone");
        Path log = work.resolve("gone.log");
        Process other = LOOM.start(log, "loomd", "--config", other("gone.yaml"), "--data", place.toString(), "--instance", INSTANCE + "-gone");
        try {
            awaitIn(log, "loom waits for");
            assertEquals(0, new ProcessBuilder("rm", "-rf", place.toString()).start().waitFor());
            assertTrue("goes on", other.waitFor(START_SECONDS, TimeUnit.SECONDS));
            assertEquals(73, other.exitValue());
            String said = Files.readString(log);
            assertTrue(said, said.contains("loomd: LOOM-5109 the directory " + place + "/karaf is gone"));
            assertTrue("the data plane must outlive the process", Files.exists(Path.of("/sys/fs/bpf/loom", INSTANCE + "-gone")));
        } finally {
            other.destroyForcibly().waitFor();
            LOOM.run("loomd", "--detach", "--instance", INSTANCE + "-gone", "--data", place.toString());
        }
    }

    private static void awaitIn(Path file, String text) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
        while (!Files.readString(file).contains(text)) {
            assertTrue("no " + text + " in " + Files.readString(file), System.nanoTime() < end);
            Thread.sleep(50);
        }
    }

    private static void awaitCommand(Installation own, String ownData, String command, String pattern) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
        while (true) {
            String output = own.run("loom", "--data", ownData, command).output();
            if (Pattern.compile(pattern).matcher(output).find()) {
                return;
            }
            assertTrue("no " + pattern + " in " + output, System.nanoTime() < end);
            Thread.sleep(100);
        }
    }

    private static Outcome loom(String... command) throws Exception {
        String[] line = new String[command.length + 2];
        line[0] = "--data";
        line[1] = data.toString();
        System.arraycopy(command, 0, line, 2, command.length);
        return LOOM.run("loom", line);
    }
}
