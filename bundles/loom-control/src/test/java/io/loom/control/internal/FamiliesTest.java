package io.loom.control.internal;

import static io.loom.control.internal.Fixtures.address;
import static io.loom.control.internal.Fixtures.checked;
import static io.loom.control.internal.Fixtures.config;
import static io.loom.control.internal.Fixtures.flat;
import static io.loom.control.internal.Fixtures.key;
import static io.loom.control.internal.Fixtures.server;
import static io.loom.control.internal.Fixtures.upstream;
import static io.loom.control.internal.Fixtures.web;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.api.config.LoomConfig;
import io.loom.api.config.NatSettings;
import io.loom.api.control.HealthReports.Target;
import io.loom.control.dataplane.DataPlane.MethodView;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Backends of one address family behind a vip of the other, by a method that leads there. */
class FamiliesTest {
    @TempDir
    Path data;

    private final FakeDataPlane plane = new FakeDataPlane();
    private Bench bench;

    @BeforeEach
    void start() {
        Set<Family> both = Set.of(Family.IPV4, Family.IPV6);
        plane.methods.put("ipip", new MethodView(true, true, false, Map.of(Family.IPV4, both, Family.IPV6, both)));
        bench = new Bench(data, plane);
    }

    /** Servers that are listed by both of their addresses count once, and need no tunnel of the other family. */
    @Test
    void whereThereAreBackendsOfTheVipsOwnFamilyTheOthersAreLeftOut() {
        bench.load(web("ipip", server("10.0.0.1"), server("2001:db8::1")));
        assertEquals(Set.of(key("10.0.0.1", "ipip")), bench.table().keySet());
        assertEquals(List.of(), bench.vip().degraded());
    }

    @Test
    void backendsOfTheOtherFamilyAloneAreEnough() {
        bench.load(web("ipip", server("2001:db8::1")));
        assertEquals(Map.of(key("2001:db8::1", "ipip"), 100), bench.table());
        assertEquals(List.of("tcp 10.9.0.1:80"), bench.vip().listeners());
    }

    @Test
    void theirHealthCountsLikeThatOfOthers() {
        bench.load(config(List.of(Fixtures.vip("ipip")), checked(server("2001:db8::2"), server("2001:db8::1"))));
        assertEquals(
                Set.of(Fixtures.endpoint("2001:db8::2"), Fixtures.endpoint("2001:db8::1")), probed());
        bench.probes.down("2001:db8::1");
        bench.round();
        assertEquals(Set.of(key("2001:db8::2", "ipip")), bench.table().keySet());
        assertEquals(Set.of(key("2001:db8::1", "ipip")), plane.applied().down());
    }

    private Set<Endpoint> probed() {
        return bench.probes.targets.keySet().stream().map(Target::endpoint).collect(Collectors.toSet());
    }

    @Test
    void theFlatFormListensOnAddressesOfBothFamiliesOnlyIfTheMethodLeadsThere() {
        plane.addresses.addAll(Set.of(address("10.0.0.254"), address("2001:db8::fe")));
        bench.load(config(List.of(flat("ipip")), upstream("default", server("10.0.0.1"))));
        assertEquals(List.of("tcp 10.0.0.254:80", "tcp [2001:db8::fe]:80"), bench.vip().listeners());
        bench.load(config(List.of(flat("nat")), upstream("default", server("10.0.0.1"))));
        assertEquals(List.of("tcp 10.0.0.254:80"), bench.vip().listeners());
        assertEquals(List.of(Family.IPV4), plane.applied().tables().keySet().stream().map(table -> table.family()).toList());
    }

    @Test
    void theFlatFormDoesNotListenOnSourceAddressesOfNat() {
        plane.addresses.addAll(Set.of(address("10.0.0.254"), address("10.0.0.201")));
        LoomConfig file = config(List.of(flat("nat")), upstream("default", server("10.0.0.1")));
        bench.load(new LoomConfig(
                true, file.attachment(), file.conntrack(), file.maps(),
                new NatSettings(List.of(address("10.0.0.201")), false), file.dsr(), file.icmp(), file.vips(), file.upstreams(),
                file.admin(), List.of()));
        assertEquals(List.of("tcp 10.0.0.254:80"), bench.vip().listeners());
    }
}
