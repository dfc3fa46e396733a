package io.loom.itests.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A lab of its own for one test class, made and removed by {@code ./loom lab}. */
final class Lab implements AutoCloseable {
    static final Path ROOT = Path.of(System.getProperty("loom.root")).toAbsolutePath();
    static final List<String> BACKENDS = List.of("backend1", "backend2", "backend3");
    static final String VIP4 = "10.77.0.100";
    /** IPv4 address of the client. */
    static final String CLIENT4 = "10.77.0.1";
    static final String VIP6 = "fd77::100";
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final String name;

    private Lab(String name) {
        this.name = name;
    }

    /** @param purpose lower-case letters, at most 10. The process id in the name keeps runs apart that meet on one machine. */
    static Lab up(String purpose) {
        Lab lab = new Lab("it" + ProcessHandle.current().pid() + purpose);
        lab.script("up").succeeded();
        return lab;
    }

    /** DNS, iperf3, uploads and the file {@code bulk} on the backends, and the vips of {@link Way}. */
    void serveAll() {
        script("services").succeeded();
    }

    /** Two more segments and two routers, as {@code lab/networks.sh} says. */
    void connectNetworks() {
        script("networks").succeeded();
    }

    /** This router takes the addresses of the other one over, with MAC addresses of its own; the other one falls silent. */
    void takeOver(String router) {
        script("takeover", router).succeeded();
    }

    /** A new eth0, with its addresses, after the old one was deleted. */
    void replug(String host) {
        script("replug", host).succeeded();
    }

    /** A host {@code far}, whose way to all others has a hop of 1400 bytes; after {@link #serveAll}. */
    void addFarClient() {
        script("far").succeeded();
    }

    @Override
    public void close() {
        script("down").succeeded();
    }

    Path run() {
        return Path.of("/run/loom-lab", name);
    }

    Path bpffs() {
        return run().resolve("bpf");
    }

    /** The command that runs the given one on a host. Becomes it: the process has the right pid. */
    List<String> lineOn(String host, List<String> line) {
        List<String> all = new ArrayList<>(List.of("ip", "netns", "exec", "loom-" + name + "-" + host));
        all.addAll(line);
        return all;
    }

    Command on(String host, String... line) {
        return Command.run(LIMIT, Map.of(), lineOn(host, List.of(line)));
    }

    /** IPv4 address of a backend. */
    static String address4(String backend) {
        return "10.77.0.1" + number(backend);
    }

    /** IPv6 address of a backend, without brackets. */
    static String address6(String backend) {
        return "fd77::1" + number(backend);
    }

    private static char number(String backend) {
        return backend.charAt(backend.length() - 1);
    }

    /** Requests that the nginx of a backend has logged, on a local address and port. */
    long logged(String backend, String address, int port) {
        try (Stream<String> lines = Files.lines(run().resolve(backend).resolve("access.log"))) {
            return lines.map(line -> line.split(" ")).filter(f -> f[2].equals(address) && f[3].equals("" + port)).count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Ends nginx of a backend at once, as a crash would: its port refuses connections then. */
    void stopNginx(String backend) {
        try {
            String master = Files.readString(run().resolve(backend).resolve("nginx.pid")).trim();
            on(backend, "sh", "-c", "kill -TERM " + master + "; while [ -e /proc/" + master
                    + " ] && ! grep -q '^State:.Z' /proc/" + master + "/status; do sleep 0.02; done").succeeded();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void startNginx(String backend) {
        Path home = run().resolve(backend);
        on(backend, "nginx", "-p", home.toString(), "-c", home + "/nginx.conf", "-e", home + "/error.log").succeeded();
    }

    private Command script(String... verb) {
        List<String> line = new ArrayList<>(List.of(ROOT.resolve("loom").toString(), "lab"));
        line.addAll(List.of(verb));
        return Command.run(LIMIT, Map.of("LOOM_LAB", name), line);
    }
}
