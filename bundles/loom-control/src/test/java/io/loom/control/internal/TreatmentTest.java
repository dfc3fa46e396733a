package io.loom.control.internal;

import static io.loom.control.internal.Fixtures.config;
import static io.loom.control.internal.Fixtures.server;
import static io.loom.control.internal.Fixtures.upstream;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Protocol;
import io.loom.api.config.Admission;
import io.loom.api.config.Admission.Course;
import io.loom.api.config.Conntrack;
import io.loom.api.config.LoomConfig;
import io.loom.api.config.Upstream;
import io.loom.api.config.Vip;
import io.loom.api.config.Vip.Connections;
import io.loom.api.control.BackendView;
import io.loom.api.control.VipView;
import io.loom.control.dataplane.DataPlane.MethodView;
import io.loom.control.dataplane.Guard;
import io.loom.control.dataplane.ListenerSpec;
import io.loom.control.dataplane.Tracking;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How listeners treat their connections. */
class TreatmentTest {
    private static final Connections MINIMAL = new Connections(true, false, false);

    @TempDir
    Path data;

    private final FakeDataPlane plane = new FakeDataPlane();
    private Bench bench;

    @BeforeEach
    void start() {
        bench = new Bench(data, plane);
    }

    /** TCP and UDP on port 80. */
    private static LoomConfig both(String method, Connections connections, boolean conntrack, boolean sessions) {
        Vip web = Fixtures.vip(method);
        Vip vip = new Vip("web", web.addresses(), false,
                List.of(new Vip.Service(Protocol.UDP, 80), new Vip.Service(Protocol.TCP, 80)), "maglev", 7, method, "default",
                true, connections);
        LoomConfig file = config(List.of(vip), upstream("default", server("10.0.0.1")));
        Conntrack times = file.conntrack();
        return new LoomConfig(
                true, file.attachment(),
                new Conntrack(conntrack, times.timeout(), times.established(), times.synSent(), times.synReceived(),
                        times.finWait(), times.timeWait(), sessions, times.datagram(), times.affinity()),
                file.maps(), file.nat(), file.dsr(), file.icmp(), file.vips(), file.upstreams(), file.admin(), List.of());
    }

    private Map<String, ListenerSpec> listeners() {
        Map<String, ListenerSpec> listeners = new TreeMap<>();
        plane.applied().listeners().forEach((key, spec) -> listeners.put(key.protocol().name(), spec));
        return listeners;
    }

    @ParameterizedTest
    @CsvSource({
        "false, true,  true,  FULL,    FULL,    full",
        "true,  true,  true,  MINIMAL, MINIMAL, minimal",
        "false, true,  false, FULL,    NONE,    'full, none'",
        "true,  true,  false, MINIMAL, NONE,    'minimal, none'",
        "true,  false, true,  NONE,    NONE,    none"
    })
    void trackingFollowsTheFile(
            boolean minimal, boolean conntrack, boolean sessions, Tracking tcp, Tracking udp, String shown) {
        bench.load(both("ipip", new Connections(minimal, false, false), conntrack, sessions));
        assertEquals(tcp, listeners().get("TCP").tracking());
        assertEquals(udp, listeners().get("UDP").tracking());
        assertEquals(new VipView.Handling(shown, false, "keep"), bench.vip().handling());
        assertEquals(List.of("tcp", "udp"), bench.vip().protocols());
    }

    @Test
    void affinityDirectnessAndTheClientsAddressReachTheListener() {
        bench.load(both("nat", new Connections(false, true, true), true, true));
        ListenerSpec nat = listeners().get("TCP");
        assertTrue(nat.affinity() && nat.keepClient() && !nat.direct());
        assertEquals(new VipView.Handling("full", true, "keep"), bench.vip().handling());
        bench.load(both("ipip", new Connections(false, true, true), true, true));
        ListenerSpec ipip = listeners().get("TCP");
        assertTrue(ipip.affinity() && !ipip.keepClient() && ipip.direct());
        bench.load(both("nat", Connections.DEFAULT, true, true));
        assertEquals(new VipView.Handling("full", false, "replace"), bench.vip().handling());
    }

    @Test
    void aMethodThatStaysInForceInsteadOfTheVipsOwnTracksEverything() {
        bench.load(both("nat", Connections.DEFAULT, true, true));
        plane.methods.remove("ipip");
        bench.load(both("ipip", MINIMAL, true, true));
        assertEquals(Tracking.FULL, listeners().get("TCP").tracking());
        assertFalse(listeners().get("TCP").direct());
    }

    @Test
    void soDoesAnAlgorithm() {
        bench.load(both("ipip", MINIMAL, true, true));
        plane.algorithms.add("counting");
        plane.algorithms.remove("maglev");
        LoomConfig file = both("ipip", MINIMAL, true, true);
        Vip vip = file.vips().get(0);
        Vip counting = new Vip(vip.name(), vip.addresses(), false, vip.services(), "counting", 7, "ipip", "default", true,
                Connections.DEFAULT);
        bench.load(config(List.of(counting), upstream("default", server("10.0.0.1"))));
        bench.load(file);
        assertEquals(List.of("algorithm maglev is not deployed; counting stays in force"), bench.vip().degraded());
        assertEquals(Tracking.FULL, listeners().get("TCP").tracking());
    }

    @Test
    void aStatefulMethodTracksEverythingWhateverTheFileSays() {
        plane.methods.put("ipip", new MethodView(true, true, true, plane.methods.get("ipip").pairs()));
        bench.load(both("ipip", MINIMAL, true, true));
        assertEquals(Tracking.FULL, listeners().get("UDP").tracking());
        assertEquals(List.of("ipip must know every connection; they are tracked in full"), bench.vip().degraded());
    }

    @Test
    void aVipWithoutAnyHandlerHasNothingInTheKernelUntilThereIsOne() {
        plane.protocols.clear();
        bench.load(both("ipip", Connections.DEFAULT, true, true));
        assertEquals(List.of(), bench.vip().listeners());
        assertEquals(Map.of(), plane.applied().tables());
        assertEquals(
                List.of("no protocol handler for TCP is deployed; packets to TCP ports [80] pass",
                        "no protocol handler for UDP is deployed; packets to UDP ports [80] pass"),
                bench.vip().degraded());
        plane.protocols.add(Protocol.UDP);
        bench.round();
        assertEquals(List.of("udp 10.9.0.1:80"), bench.vip().listeners());
    }

    /** A vip that is as the file says, and what its listener asks. */
    private Guard guard(String method, Admission admission, Upstream.Server... servers) {
        Vip web = Fixtures.vip(method);
        Vip vip = new Vip("web", web.addresses(), false, web.services(), "maglev", 7, method, "default", true, Connections.DEFAULT,
                admission);
        bench.load(config(List.of(vip), upstream("default", servers)));
        return listeners().get("TCP").guard();
    }

    private static Upstream.Server limited(String address, int max) {
        Upstream.Server server = server(address);
        return new Upstream.Server(server.id(), server.endpoint(), server.weight(), server.probed(), max);
    }

    @Test
    void aListenerAsksOnlyWhatTheFileWants() {
        Admission overflowing = new Admission(0, true, Map.of());
        assertEquals(Guard.NONE, guard("nat", Admission.OPEN, server("10.0.0.1")));
        assertEquals(new Guard(Course.BALANCE, false, 9, false), guard("nat", new Admission(9, false, Map.of()), server("10.0.0.1")));
        assertEquals(new Guard(Course.BALANCE, false, 0, true), guard("nat", Admission.OPEN, limited("10.0.0.1", 3)));
        assertEquals(new Guard(Course.LOCAL, false, 0, false),
                guard("nat", new Admission(0, false, Map.of(new Vip.Service(Protocol.TCP, 80), Course.LOCAL)), server("10.0.0.1")));
        assertEquals(new Guard(Course.BALANCE, true, 0, false), guard("nat", overflowing, server("10.0.0.1")), "a full table");
        assertEquals(Guard.NONE, guard("ipip", overflowing, server("10.0.0.1")), "goes untracked where the table is full");
        assertEquals(new Guard(Course.BALANCE, true, 0, true), guard("ipip", overflowing, limited("10.0.0.1", 3)));
    }

    @Test
    void ofAnAddressInTwoGroupsTheLowerLimitHolds() {
        Vip web = Fixtures.vip("nat");
        Vip other = new Vip("other", List.of(Fixtures.address("10.9.0.2")), false, web.services(), "maglev", 7, "nat", "more", true,
                Connections.DEFAULT);
        bench.load(config(List.of(web, other), upstream("default", limited("10.0.0.1", 9), server("10.0.0.2")),
                upstream("more", limited("10.0.0.1", 5))));
        assertEquals(Map.of(Fixtures.key("10.0.0.1", "nat"), 5, Fixtures.key("more", "10.0.0.1", "nat"), 5), plane.applied().limits());
        assertEquals(List.of(9, 0, 5), bench.seen.backends().stream().map(BackendView::maxConnections).toList());
        bench.load(config(List.of(web, other), upstream("default", limited("10.0.0.1", 9)), upstream("more", server("10.0.0.1"))));
        assertEquals(List.of(true, true),
                plane.applied().listeners().values().stream().map(listener -> listener.guard().backendLimits()).toList());
        bench.load(config(List.of(web), upstream("default", server("10.0.0.1"))));
        assertEquals(Map.of(), plane.applied().limits());
    }

    /** The other upstream has not changed: nothing but the limit has. */
    @Test
    void aLimitThatGoesWithItsServerGoesForTheOtherGroupToo() {
        Vip web = Fixtures.vip("nat");
        Vip other = new Vip("other", List.of(Fixtures.address("10.9.0.2")), false, web.services(), "maglev", 7, "nat", "more", true,
                Connections.DEFAULT);
        bench.load(config(List.of(web, other), upstream("default", limited("10.0.0.1", 9), server("10.0.0.2")), upstream("more", server("10.0.0.1"))));
        assertEquals(List.of(true, true),
                plane.applied().listeners().values().stream().map(listener -> listener.guard().backendLimits()).toList());
        bench.round(); // in the first one after a start everything is new
        bench.change(edit -> edit.remove(1));
        assertEquals(List.of(false, false),
                plane.applied().listeners().values().stream().map(listener -> listener.guard().backendLimits()).toList());
    }

    @Test
    void aPortWhosePacketsPassAsksNothingWhateverTheVipIsLimitedTo() {
        Vip.Service ssh = new Vip.Service(Protocol.TCP, 22);
        Vip vip = new Vip("web", List.of(Fixtures.VIP), false, List.of(ssh, new Vip.Service(Protocol.TCP, 80)), "maglev", 7, "nat", "default", true,
                Connections.DEFAULT, new Admission(11, true, Map.of(ssh, Admission.Course.PASS), Optional.empty(), Admission.OnEmpty.RESET));
        bench.load(config(List.of(vip), upstream("default", server("10.0.0.1"))));
        assertEquals(List.of(Guard.PASS, new Guard(Admission.Course.BALANCE, true, 11, false)),
                plane.applied().listeners().values().stream().map(ListenerSpec::guard).toList());
        assertEquals(Map.of("tcp 22", "pass"), bench.vip().handling().courses());
    }
}
