package io.loom.datapath.internal;

import io.loom.api.Endpoint;
import io.loom.api.IpAddress;
import io.loom.api.Protocol;
import io.loom.api.Prefix;
import io.loom.api.config.Acl;
import io.loom.api.config.Admin;
import io.loom.api.config.Attachment;
import io.loom.api.config.Conntrack;
import io.loom.api.config.DsrSettings;
import io.loom.api.config.IcmpSettings;
import io.loom.api.config.LoomConfig;
import io.loom.api.config.MapSettings;
import io.loom.api.config.NatSettings;
import io.loom.api.config.OwnProgram;
import io.loom.api.config.Vip;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.ListenerKey;
import io.loom.control.dataplane.ListenerSpec;
import io.loom.control.dataplane.TableKey;
import io.loom.control.dataplane.Tracking;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;

/** The network namespace that the tests' JVM runs in (src/test/bin/java), and values that the tests share. */
final class TestHost {
    static final Path BPFFS = Path.of("/sys/fs/bpf");
    static final String DEVICE = "lb.0";
    static final Endpoint FIRST = endpoint("10.1.0.11", 8080);
    static final Endpoint SECOND = endpoint("10.1.0.12", 8080);
    static final Endpoint SIXTH = endpoint("2001:db8:7::11", 8080);
    static final String MAC = "02:00:00:00:01:";

    private TestHost() {}

    /** A veth pair whose end {@link #DEVICE} has a subnet and permanent neighbours for the two backends. */
    static void addDevice() throws IOException {
        ip("link add " + DEVICE + " type veth peer name peer");
        ip("link set " + DEVICE + " up");
        ip("link set peer up");
        ip("addr add 10.1.0.1/24 dev " + DEVICE);
        ip("-6 addr add 2001:db8:7::1/64 dev " + DEVICE + " nodad");
        ip("neigh add 10.1.0.11 lladdr " + MAC + "11 dev " + DEVICE + " nud permanent");
        ip("neigh add 10.1.0.12 lladdr " + MAC + "12 dev " + DEVICE + " nud permanent");
        ip("-6 neigh add 2001:db8:7::11 lladdr " + MAC + "16 dev " + DEVICE + " nud permanent");
    }

    static void removeDevice() throws IOException {
        ip("link del " + DEVICE);
    }

    static String ip(String command) throws IOException {
        return IpCommand.run(command.split(" "));
    }

    static InetAddress address(String literal) {
        return IpAddress.parse(literal).orElseThrow();
    }

    static Endpoint endpoint(String address, int port) {
        return new Endpoint(address(address), port);
    }

    static BackendKey nat(Endpoint endpoint) {
        return new BackendKey("default", endpoint, "nat");
    }

    static ListenerKey tcp(String address, int port) {
        return new ListenerKey(Protocol.TCP, endpoint(address, port));
    }

    static LoomConfig config(String... devices) {
        return config(Attachment.Mode.NATIVE, 300, devices);
    }

    static LoomConfig config(Attachment.Mode mode, int timeoutSeconds, String... devices) {
        return config(true, new Attachment(List.of(devices), mode, false), timeoutSeconds);
    }

    /** With a rule that denies these sources. */
    static LoomConfig denying(String network) {
        LoomConfig open = config(DEVICE);
        String[] parts = network.split("/");
        Acl acl = new Acl(Map.of(new Prefix(address(parts[0]), Integer.parseInt(parts[1])), true));
        return new LoomConfig(open.enabled(), open.attachment(), open.conntrack(), open.maps(), open.nat(), open.dsr(), open.icmp(),
                acl, open.programs(), open.vips(), open.upstreams(), open.admin(), open.warnings());
    }

    /** With programs of the operator. */
    static LoomConfig withPrograms(OwnProgram... programs) {
        LoomConfig other = config(DEVICE);
        return new LoomConfig(other.enabled(), other.attachment(), other.conntrack(), other.maps(), other.nat(), other.dsr(),
                other.icmp(), other.acl(), List.of(programs), other.vips(), other.upstreams(), other.admin(), other.warnings());
    }

    /** With a vip of that address, which nothing listens at yet. */
    static LoomConfig withVip(LoomConfig other, String address) {
        Vip vip = new Vip("own", List.of(address(address)), false, List.of(new Vip.Service(Protocol.TCP, 80)), "maglev", 1009, "nat",
                "default", false, Vip.Connections.DEFAULT);
        return new LoomConfig(other.enabled(), other.attachment(), other.conntrack(), other.maps(), other.nat(), other.dsr(),
                other.icmp(), other.acl(), other.programs(), List.of(vip), other.upstreams(), other.admin(), other.warnings());
    }

    /** With maps of these sizes and types. */
    static LoomConfig withMaps(MapSettings maps) {
        LoomConfig other = config(DEVICE);
        return new LoomConfig(
                true, other.attachment(), other.conntrack(), maps, other.nat(), other.dsr(), other.icmp(), other.vips(),
                other.upstreams(), other.admin(), List.of());
    }

    static ListenerSpec spec(TableKey table, boolean assigned) {
        return new ListenerSpec(table, assigned, Tracking.FULL, false, false, false);
    }

    static LoomConfig config(String device, IcmpSettings icmp) {
        LoomConfig other = config(device);
        return new LoomConfig(
                true, other.attachment(), other.conntrack(), other.maps(), other.nat(), other.dsr(), icmp, other.vips(),
                other.upstreams(), other.admin(), List.of());
    }

    static LoomConfig config(boolean enabled, Attachment attachment, int timeoutSeconds) {
        Duration minute = Duration.ofSeconds(60);
        Duration idle = Duration.ofSeconds(timeoutSeconds);
        return new LoomConfig(
                enabled, attachment,
                new Conntrack(true, idle, idle, minute, minute, minute, minute, true, idle, idle),
                new MapSettings(
                        new MapSettings.Setting(1000, "array"), new MapSettings.Setting(4096, "cache"),
                        new MapSettings.Setting(256, "percpu_array")),
                NatSettings.DEFAULT, DsrSettings.DEFAULT, IcmpSettings.DEFAULT, List.of(), List.of(),
                new Admin(new InetSocketAddress("127.0.0.1", 9091), new InetSocketAddress("127.0.0.1", 8101)), List.of());
    }

    /** Waits up to a minute: the verifier may take seconds on a busy machine. */
    static void await(String what, Callable<Boolean> condition) throws Exception {
        long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (!condition.call()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("waited in vain: " + what);
            }
            Thread.sleep(20);
        }
    }
}
