package io.loom.control.internal;

import io.loom.api.Endpoint;
import io.loom.api.IpAddress;
import io.loom.api.Protocol;
import io.loom.api.config.Admin;
import io.loom.api.config.Attachment;
import io.loom.api.config.Conntrack;
import io.loom.api.config.DsrSettings;
import io.loom.api.config.HealthCheck;
import io.loom.api.config.IcmpSettings;
import io.loom.api.config.LoomConfig;
import io.loom.api.config.MapSettings;
import io.loom.api.config.NatSettings;
import io.loom.api.config.Upstream;
import io.loom.api.config.Vip;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.ListenerSpec;
import io.loom.control.dataplane.TableKey;
import io.loom.control.dataplane.Tracking;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Configurations in few words: {@code web("nat", server("10.0.0.1"))}. */
final class Fixtures {
    static final HealthCheck CHECK =
            new HealthCheck(Duration.ofSeconds(2), Duration.ofSeconds(1), 2, 3, OptionalInt.empty());
    static final InetAddress VIP = address("10.9.0.1");

    private Fixtures() {}

    static InetAddress address(String text) {
        return IpAddress.parse(text).orElseThrow(() -> new IllegalArgumentException(text));
    }

    static Endpoint endpoint(String address) {
        return new Endpoint(address(address), 80);
    }

    static BackendKey key(String address, String method) {
        return key("default", address, method);
    }

    static BackendKey key(String upstream, String address, String method) {
        return new BackendKey(upstream, endpoint(address), method);
    }

    static ServerRef ref(String address) {
        return new ServerRef("default", endpoint(address));
    }

    static Upstream.Server server(String address) {
        return server(address, 100);
    }

    static Upstream.Server server(String address, int weight) {
        return new Upstream.Server(OptionalInt.empty(), endpoint(address), weight, true);
    }

    static Upstream.Server server(int id, String address) {
        return new Upstream.Server(OptionalInt.of(id), endpoint(address), 100, true);
    }

    static Upstream upstream(String name, Upstream.Server... servers) {
        return new Upstream(name, List.of(servers), Optional.empty());
    }

    static Upstream checked(Upstream.Server... servers) {
        return checked("default", servers);
    }

    static Upstream checked(String name, Upstream.Server... servers) {
        return new Upstream(name, List.of(servers), Optional.of(CHECK));
    }

    /** Checked; connections stay with a server that is down. */
    static Upstream keeping(Upstream.Server... servers) {
        return new Upstream("default", List.of(servers), Optional.of(CHECK), Upstream.OnDown.KEEP);
    }

    /** A vip on 10.9.0.1, tcp 80, of upstream {@code default}. */
    static Vip vip(String method) {
        return new Vip("web", List.of(VIP), false, List.of(new Vip.Service(Protocol.TCP, 80)), "maglev", 7, method,
                "default", true,
                Vip.Connections.DEFAULT);
    }

    /** A vip of the flat form. */
    static Vip flat(String method) {
        return new Vip("default", List.of(), true, List.of(new Vip.Service(Protocol.TCP, 80)), "maglev", 7, method,
                "default", false,
                Vip.Connections.DEFAULT);
    }

    static ListenerSpec spec(TableKey table, boolean assigned) {
        return new ListenerSpec(table, assigned, Tracking.FULL, false, false, false);
    }

    static LoomConfig web(String method, Upstream.Server... servers) {
        return config(List.of(vip(method)), upstream("default", servers));
    }

    static LoomConfig attachedTo(List<String> interfaces, LoomConfig config) {
        return new LoomConfig(config.enabled(), new Attachment(interfaces, Attachment.Mode.NATIVE, false), config.conntrack(), config.maps(),
                config.nat(), config.dsr(), config.icmp(), config.vips(), config.upstreams(), config.admin(), config.warnings());
    }

    static LoomConfig sendingFrom(String natSource, LoomConfig config) {
        return new LoomConfig(config.enabled(), config.attachment(), config.conntrack(), config.maps(),
                new NatSettings(List.of(address(natSource)), true), config.dsr(), config.icmp(), config.vips(), config.upstreams(), config.admin(),
                config.warnings());
    }

    static LoomConfig config(List<Vip> vips, Upstream... upstreams) {
        return config(true, vips, Arrays.asList(upstreams));
    }

    static LoomConfig config(boolean enabled, List<Vip> vips, List<Upstream> upstreams) {
        Duration timeout = Duration.ofMinutes(5);
        return new LoomConfig(
                enabled, new Attachment(List.of("eth0"), Attachment.Mode.NATIVE, false),
                new Conntrack(true, timeout, timeout, timeout, timeout, timeout, timeout, true, timeout, timeout),
                new MapSettings(
                        new MapSettings.Setting(100, "array"), new MapSettings.Setting(100, "lru_hash"),
                        new MapSettings.Setting(256, "percpu_array")),
                NatSettings.DEFAULT, DsrSettings.DEFAULT, IcmpSettings.DEFAULT,
                new ArrayList<>(vips), new ArrayList<>(upstreams),
                new Admin(new InetSocketAddress("127.0.0.1", 9091), new InetSocketAddress("127.0.0.1", 8101)), List.of());
    }

    static RuntimeEdit edit(LoomConfig config, RuntimeState state) {
        return new RuntimeEdit(config, state, Inventory.of(config, state));
    }
}
