package io.loom.itests.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Neighbours that change while requests run: a router whose standby takes its addresses over, a host with another network card,
 * entries that expire. No request takes longer than a second.
 */
class FailoverIT extends LabTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final long OUTAGE_MILLIS = Figure.within(Duration.ofSeconds(1)).toMillis();
    private static final List<String> VIPS = List.of("10.77.0.110", "fd77::110", "10.77.0.102", "fd77::101");
    private static final long BULK_BYTES = 100_000_000;

    FailoverIT() {
        super("failover");
    }

    @BeforeAll
    void start() {
        lab.serveAll();
        lab.connectNetworks();
        // With probes as quick as those of other tests a busy host has backends down before the way to them is found, which ends connections.
        loomd.configure(Networks.configuration("[eth0, eth1]", 2).replace("interval: 200ms", "interval: 2s"));
        loomd.start();
        Await.until("every vip is well", LIMIT, this::well, rest::vips);
    }

    private boolean well() {
        return rest.allVips(vip -> vip.path("degraded").isEmpty());
    }

    @AfterEach
    void restore() {
        lab.takeOver("router");
    }

    @Test
    void clientsBehindARouterKeepTheirConnectionsWhenAnotherTakesOver() {
        VIPS.forEach(this::reachThroughRouter);
        try {
            String after = "the clients' gateway moved";
            underLoad(after, VIPS, () -> lab.takeOver("standby"));
            underLoad(after + " back", VIPS, () -> lab.takeOver("router"));
        } finally {
            VIPS.forEach(vip -> route("client", "del", vip));
        }
    }

    /**
     * The client says nothing but that it has received: what comes to it must not wait for it to speak. curl gives up when nothing
     * comes for three seconds.
     */
    @Test
    void aDownloadThroughNatGoesOnWhenTheClientsGatewayMoves() {
        List<String> vips = List.of("10.77.0.110", "fd77::110");
        vips.forEach(this::reachThroughRouter);
        try {
            Map<String, Background> downloads = new LinkedHashMap<>();
            vips.forEach(vip -> downloads.put(vip, Background.start(lab.lineOn("client", List.of(
                    "curl", "-sSg", "--speed-limit", "1000", "--speed-time", "3", "-o", "/dev/null", "-w", "%{size_download} %{time_total}",
                    "http://" + (vip.contains(":") ? "[" + vip + "]" : vip) + "/bulk?rate=10m")))));
            Await.pause(Duration.ofSeconds(2));
            lab.takeOver("standby");
            for (Map.Entry<String, Background> download : downloads.entrySet()) {
                String[] result = download.getValue().end().trim().split(" ");
                tell("100 MB at 10 MB/s from %s: %s s", download.getKey(), result[1]);
                assertEquals(BULK_BYTES, Long.parseLong(result[0]));
            }
        } finally {
            vips.forEach(vip -> route("client", "del", vip));
        }
    }

    @Test
    void backendsBehindARouterAreReachedThroughTheOneThatTakesOver() {
        List<String> backends = List.of("10.0.1.10", "10.0.1.11", "fd78::11", "fd78::12");
        backends.forEach(backend -> route("balancer", "add", backend, "via", gateway(backend)));
        try {
            Await.pause(Duration.ofSeconds(2));
            Await.until("every vip is well", LIMIT, this::well, rest::vips);
            underLoad("the backends' gateway moved", VIPS.subList(0, 3), () -> lab.takeOver("standby"));
        } finally {
            backends.forEach(backend -> route("balancer", "del", backend));
        }
    }

    @Test
    void backendsWithNewMacAddressesAreReachedThere() {
        String first = mac("backend1");
        String second = mac("backend2");
        underLoad("the backends have other MAC addresses", VIPS.subList(0, 3), () -> {
            setMac("backend1", "02:00:00:00:aa:01");
            setMac("backend2", "02:00:00:00:aa:02");
        });
        setMac("backend1", first);
        setMac("backend2", second);
    }

    @Test
    void aClientOnTheSegmentWithANewMacAddressIsAnsweredThere() {
        String before = mac("client");
        underLoad("the client has another MAC address", VIPS, () -> setMac("client", "02:00:00:00:aa:03"));
        setMac("client", before);
    }

    @Test
    void neighboursThatExpireAreFoundAgainBeforeAnybodyNotices() {
        underLoad("neighbours flushed three times", VIPS, () -> {
            for (int i = 0; i < 3; i++) {
                lab.on("balancer", "ip", "neigh", "flush", "all").succeeded();
                lab.on("balancer", "ip", "-6", "neigh", "flush", "all").succeeded();
                Await.pause(Duration.ofMillis(1500));
            }
        });
    }

    private void reachThroughRouter(String vip) {
        route("client", "add", vip, "via", vip.contains(":") ? "fd79::fe" : "10.79.0.254", "dev", "eth1", "src",
                vip.contains(":") ? Networks.REMOTE6 : Networks.REMOTE4);
    }

    private static String gateway(String backend) {
        return backend.contains(":") ? "fd77::fe" : "10.77.0.254";
    }

    private void route(String host, String verb, String destination, String... more) {
        List<String> line = new ArrayList<>(List.of("ip", "route", verb, destination));
        line.addAll(List.of(more));
        lab.on(host, line.toArray(String[]::new)).succeeded();
    }

    private String mac(String host) {
        return lab.on(host, "cat", "/sys/class/net/eth0/address").succeeded().trim();
    }

    /** Announced as after a replaced card or a migrated virtual machine. */
    private void setMac(String host, String mac) {
        lab.on(host, "sysctl", "-qw", "net.ipv4.conf.eth0.arp_notify=1", "net.ipv6.conf.eth0.ndisc_notify=1").succeeded();
        lab.on(host, "ip", "link", "set", "eth0", "address", mac).succeeded();
    }

    /** A request every 10 ms on one connection to each vip, from two seconds before the change to three after it. */
    private void underLoad(String what, List<String> vips, Runnable change) {
        Map<String, Background> visitors = new LinkedHashMap<>();
        vips.forEach(vip -> visitors.put(vip, Visits.steady(lab, vip, 80)));
        Await.pause(Duration.ofSeconds(3));
        change.run();
        Await.pause(Duration.ofSeconds(3));
        Map<String, Visits> visits = new LinkedHashMap<>();
        visitors.forEach((vip, visitor) -> visits.put(vip, Visits.of(visitor)));
        visits.forEach((vip, seen) -> tell("%s, %s: %d requests, slowest %d ms", what, vip, seen.total(), seen.largestMillis()));
        visits.forEach((vip, seen) -> {
            assertEquals(0, seen.failures(), () -> what + ", " + vip + ": " + seen.firstFailure());
            assertTrue(seen.total() > 100, () -> what + ", " + vip + ": " + seen);
            assertTrue(seen.largestMillis() < OUTAGE_MILLIS, () -> what + ", " + vip + ": " + seen.largestMillis() + " ms");
        });
    }
}
