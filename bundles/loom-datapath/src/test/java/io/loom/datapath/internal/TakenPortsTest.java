package io.loom.datapath.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.api.IpAddress;
import io.loom.api.Protocol;
import io.loom.control.dataplane.Guard;
import io.loom.control.dataplane.ListenerKey;
import io.loom.control.dataplane.ListenerSpec;
import io.loom.control.dataplane.TableKey;
import io.loom.control.dataplane.Tracking;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.MapType;
import io.loom.libbpf.UpdateMode;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TakenPortsTest {
    private static final long SECOND = 1_000_000_000L;
    private static final InetAddress OWN = address("10.1.0.1");

    @TempDir
    private Path net;
    private final BpfMap map = BpfMap.create(MapType.ARRAY, "t_taken", Integer.BYTES, Long.BYTES, 1024, 0);
    private final BpfMap other = BpfMap.create(MapType.ARRAY, "t_other", Integer.BYTES, Long.BYTES, 1024, 0);
    private final Readings readings = new Readings();
    private final Map<ListenerKey, ListenerSpec> listeners = new HashMap<>();
    private Map<String, BpfMap> maps;
    private TakenPorts ports;
    private long clock = SECOND;

    @BeforeEach
    void begin() throws IOException {
        sockets("tcp");
        sockets("udp");
        maps = Map.of("nat_taken", map, "nat_only", other);
        ports = new TakenPorts(() -> maps, net, readings);
    }

    @AfterEach
    void close() {
        map.close();
        other.close();
    }

    /** @param sockets local address and port, and state, as /proc/net writes them */
    private void sockets(String protocol, String... sockets) throws IOException {
        StringBuilder text = new StringBuilder("  sl  local_address rem_address   st\n");
        for (String socket : sockets) {
            String[] parts = socket.split(" ");
            text.append("   0: ").append(parts[0]).append(" 00000000:0000 ").append(parts[1]).append(" 0\n");
        }
        Files.writeString(net.resolve(protocol), text);
    }

    private static InetAddress address(String text) {
        return IpAddress.parse(text).orElseThrow();
    }

    private void listen(String address, int port, Guard guard) {
        listeners.put(new ListenerKey(Protocol.TCP, new Endpoint(address(address), port)),
                new ListenerSpec(new TableKey("t", Family.IPV4), false, Tracking.FULL, false, false, false, guard));
    }

    /** So many seconds later. */
    private List<Integer> taken(int seconds) {
        clock += seconds * SECOND;
        ports.look(() -> Map.copyOf(listeners), () -> List.of(OWN), clock);
        return told();
    }

    private List<Integer> told() {
        assertEquals(List.of(), told(other), "no map of this kind");
        return told(map);
    }

    private static List<Integer> told(BpfMap map) {
        BitSet taken = new BitSet();
        map.forEach((key, value) -> BitSet.valueOf(value).stream().forEach(bit -> taken.set(Keys.number(key) * 64 + bit)));
        return taken.stream().boxed().toList();
    }

    @Test
    void serversOfThisHostKeepTheirPorts() throws IOException {
        sockets("tcp", "00000000:1F90 0A", "0100000A:C350 0A", "0100007F:1F91 0A", "0100000A:FFFF 0A", "0100000A:1F92 01");
        sockets("udp", "00000000:0035 07", "0100000A:0036 01", "0100007F:0037 07");
        assertEquals(List.of(53, 8080, 50000, 65535), taken(0), "none of loopback alone, none of connections");
        sockets("tcp", "00000000:0400 0A");
        assertEquals(List.of(53, 8080, 50000, 65535), taken(2), "they are not read at each look");
        assertEquals(List.of(53, 1024), taken(1));
    }

    @Test
    void soDoVipsAtAddressesThatConnectionsLeaveFromAndPortsThatPass() {
        listen("10.1.0.1", 2000, Guard.NONE);
        listen("10.1.0.100", 2001, Guard.NONE);
        listen("10.1.0.100", 2002, Guard.PASS);
        assertEquals(List.of(2000, 2002), taken(0));
        listeners.clear();
        listen("10.1.0.1", 2003, Guard.NONE);
        assertEquals(List.of(2003), taken(0), "at once");
    }

    /** Else replies would go to it until the next look. */
    @Test
    void beforeAListenerIsPutItsPortIsTaken() throws IOException {
        sockets("tcp", "00000000:07D0 0A");
        assertEquals(List.of(2000), taken(0));
        listen("10.1.0.1", 2001, Guard.NONE);
        listen("10.1.0.100", 2002, Guard.NONE);
        listen("10.1.0.100", 65535, Guard.PASS);
        listeners.forEach(ports::comes);
        assertEquals(List.of(2000, 2001, 65535), told());
        listeners.clear();
        assertEquals(List.of(2000, 2001, 65535), taken(0), "whoever looks before they are put");
        ports.arrived();
        assertEquals(List.of(2000), taken(0));
    }

    /** As those of a new program are. */
    @Test
    void aMapThatIsNewIsToldAllAndOneThatKnowsIsLeftAlone() throws IOException {
        sockets("tcp", "00000000:1F90 0A");
        Map<ListenerKey, ListenerSpec> same = Map.of();
        ports.look(() -> same, () -> List.of(OWN), clock);
        map.update(Keys.of(8080 / Long.SIZE), new byte[Long.BYTES], UpdateMode.ANY);
        ports.look(() -> same, () -> List.of(OWN), clock);
        assertEquals(List.of(), told(), "nothing has changed, and nothing is written");
        maps = Map.of("nat_taken", map, "gue_taken", other);
        ports.look(() -> same, () -> List.of(OWN), clock);
        assertEquals(List.of(8080), told(map));
        assertEquals(List.of(8080), told(other));
    }

    @Test
    void whatCannotBeReadIsAProblemAndWhatWasKnownHolds() throws IOException {
        sockets("tcp", "00000000:1F90 0A");
        assertEquals(List.of(8080), taken(0));
        Files.delete(net.resolve("tcp"));
        assertEquals(List.of(8080), taken(3));
        assertEquals(List.of("LOOM-1270"), readings.problems().stream().map(problem -> problem.code()).toList());
        sockets("tcp");
        assertEquals(List.of(), taken(3));
        assertEquals(List.of(), readings.problems());
    }
}
