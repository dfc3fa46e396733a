package io.loom.observe;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.api.Endpoint;
import io.loom.api.IpAddress;
import io.loom.api.Protocol;
import io.loom.api.control.Connections.Connection;
import io.loom.api.control.Connections.Listener;
import io.loom.api.control.Connections.Page;
import io.loom.api.control.Connections.Server;
import io.loom.api.control.Connections.State;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class ConnectionJsonTest {
    private static final Endpoint VIP = new Endpoint(IpAddress.parse("2001:db8::1").orElseThrow(), 53);
    private static final Connection DIRECT = new Connection("names", Optional.of(new Listener(Protocol.UDP, VIP)), VIP.address(), 0,
            new Server(OptionalInt.of(3), "dns", "[2001:db8::2]:53", "ipip", Optional.empty()), State.UDP, false, Duration.ofMillis(1999),
            Duration.ofSeconds(300));
    /** Nothing is known of it any more but what the table itself says. */
    private static final Connection ORPHAN = new Connection("", Optional.empty(), VIP.address(), 40000,
            new Server(OptionalInt.empty(), "", "", "", Optional.empty()), State.FIN_WAIT, true, Duration.ZERO, Duration.ofSeconds(60));

    private static String lines(Connection... connections) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ConnectionJson.lines(out, new Page(List.of(connections), ""));
        return out.toString(StandardCharsets.UTF_8);
    }

    @Test
    void eachIsOnALineWithAllFields() throws Exception {
        assertEquals("""
                {"vip":"names","protocol":"udp","client":"2001:db8::1","client_port":0,"vip_address":"2001:db8::1","vip_port":53,\
                "backend_id":3,"backend":"[2001:db8::2]:53","upstream":"dns","forwarding":"ipip","source":"","source_port":0,\
                "state":"udp","assured":false,"idle_seconds":1,"expires_seconds":300}
                {"vip":"","protocol":"","client":"2001:db8::1","client_port":40000,"vip_address":"","vip_port":0,\
                "backend_id":0,"backend":"","upstream":"","forwarding":"","source":"","source_port":0,\
                "state":"fin_wait","assured":true,"idle_seconds":0,"expires_seconds":60}
                """, lines(DIRECT, ORPHAN));
        assertEquals("", lines());
        assertEquals("{\"end\":{\"connections\":2,\"next\":\"4-1-2\"}}\n", ConnectionJson.end(2, "4-1-2"));
    }

    @Test
    void aPageWithoutAnyIsOneToo() {
        assertEquals("{\n  \"connections\" : [ ],\n  \"next\" : \"\"\n}\n", ConnectionJson.page(new Page(List.of(), "")));
    }

    @Test
    void theTotalIsThatOfAllStates() {
        String json = ConnectionJson.count(Map.of(State.SYN_RECV, 3L, State.UDP, 4L));
        assertEquals("{\n  \"total\" : 7,\n  \"states\" : {\n    \"syn_sent\" : 0,", json.substring(0, json.indexOf(",\n    \"est") + 1));
    }
}
