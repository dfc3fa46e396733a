package io.loom.shell.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.IpAddress;
import io.loom.api.Protocol;
import io.loom.api.control.Connections;
import io.loom.api.control.Connections.Connection;
import io.loom.api.control.Connections.Listener;
import io.loom.api.control.Connections.Page;
import io.loom.api.control.Connections.Server;
import io.loom.api.control.Connections.State;
import io.loom.api.control.Connections.Wanted;
import io.loom.observe.ConnectionJson;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.apache.karaf.shell.api.action.Completion;
import org.apache.karaf.shell.support.CommandException;
import org.junit.jupiter.api.Test;

class ConnectionListTest {
    private static final Server NAT = new Server(
            OptionalInt.of(1), "default", "10.0.1.10:8080", "nat", Optional.of(FakeControl.endpoint("10.0.1.1", 21044)));
    private static final Server LOCAL = new Server(OptionalInt.empty(), "", Server.LOCAL, "", Optional.empty());

    private final ConnectionListCommand command = new ConnectionListCommand();
    private List<Connection> present = List.of(
            connection("web", "10.77.0.1", 20634, NAT, State.ESTABLISHED, 3, 314), connection("", "2001:db8::7", 53, LOCAL, State.UDP, 12_000, 0));
    private Optional<Wanted> wanted = Optional.empty();
    private int limit;
    private String next = "4-17-5000";

    ConnectionListTest() {
        command.control = new FakeControl();
        command.connections = new Connections() {
            @Override
            public Optional<Page> page(Wanted asked, String after, int most) {
                wanted = Optional.of(asked);
                limit = most;
                return Optional.of(new Page(present, next)).filter(page -> Set.of("", "4-17-5000").contains(after));
            }

            @Override
            public Map<State, Long> count(Wanted asked) {
                return Map.of(State.ESTABLISHED, 1_000_000L, State.UDP, 1L);
            }
        };
    }

    private static Connection connection(String vip, String client, int port, Server server, State state, int idle, int left) {
        return new Connection(vip, Optional.of(new Listener(Protocol.TCP, FakeControl.endpoint("10.0.0.1", 80))),
                IpAddress.parse(client).orElseThrow(), port, server, state, true, Duration.ofSeconds(idle), Duration.ofSeconds(left));
    }

    private String run() throws CommandException {
        return Printed.by(command);
    }

    @Test
    void aLineForEachAndWhereToGoOn() throws Exception {
        assertEquals("""
                CLIENT            VIP            PROTOCOL  BACKEND         SOURCE          STATE        IDLE    EXPIRES
                10.77.0.1:20634   web            tcp       10.0.1.10:8080  10.0.1.1:21044  established  3s      314s
                [2001:db8::7]:53  (10.0.0.1:80)  tcp       local                           udp          12000s  0s
                Go on with --after 4-17-5000
                """, run());
        assertEquals(Optional.of(Wanted.ALL), wanted);
        assertEquals(100, limit);
        command.json = true;
        assertEquals(ConnectionJson.page(new Page(present, "4-17-5000")), run());
    }

    @Test
    void noneIsSaidToBeSo() throws Exception {
        present = List.of();
        next = "";
        assertEquals("No connections.\n", run());
    }

    @Test
    void optionsChoose() throws Exception {
        command.vip = "web";
        command.backend = "10";
        command.state = "udp";
        command.idle = "5m";
        command.limit = "7";
        command.after = "4-17-5000";
        run();
        assertEquals(Optional.of("[2001:db8::12]:80"), wanted.orElseThrow().backend());
        assertEquals(Optional.of("api"), wanted.orElseThrow().upstream());
        assertEquals(Optional.of(State.UDP), wanted.orElseThrow().state());
        assertEquals(Optional.of(Duration.ofMinutes(5)), wanted.orElseThrow().idle());
        assertEquals(7, limit);
    }

    @Test
    void whatMakesNoSenseIsSaidByTheOptionsName() {
        command.vip = "wbe";
        command.limit = "1001";
        String said = assertThrows(CommandException.class, this::run).getNiceHelp();
        assertTrue(said.contains("LOOM-3420 --vip: there is no vip \"wbe\"; use one of web, api"), said);
        assertTrue(said.contains("LOOM-3416 --limit"), said);
        command.vip = "";
        command.limit = "";
        command.after = "elsewhere";
        assertTrue(assertThrows(CommandException.class, this::run).getNiceHelp().contains("LOOM-3416 --after"));
    }

    @Test
    void theyAreCountedByState() throws Exception {
        command.count = true;
        assertEquals("""
                STATE        CONNECTIONS
                syn_sent               0
                established    1,000,000
                fin_wait               0
                time_wait              0
                syn_recv               0
                udp                    1
                all            1,000,001
                """, run());
        command.json = true;
        assertEquals(ConnectionJson.count(Map.of(State.ESTABLISHED, 1_000_000L, State.UDP, 1L)), run());
    }

    @Test
    void namesAreCompleted() throws Exception {
        Completion states = ConnectionListCommand.class.getDeclaredField("state").getAnnotation(Completion.class);
        assertEquals(Arrays.stream(State.values()).map(State::toString).sorted().toList(), Arrays.stream(states.values()).sorted().toList());
        VipCompleter vips = new VipCompleter();
        assertEquals(List.of(), vips.names());
        vips.control = new FakeControl();
        assertEquals(List.of("api", "web"), vips.names());
    }
}
