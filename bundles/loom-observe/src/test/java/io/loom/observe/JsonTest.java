package io.loom.observe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.loom.api.Problem;
import io.loom.observe.internal.SampleControl;
import java.util.List;
import org.junit.jupiter.api.Test;

class JsonTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private final SampleControl control = new SampleControl();

    @Test
    void aBackendHasEveryFieldInSnakeCase() {
        assertEquals("""
                {
                  "id" : 2,
                  "upstream" : "default",
                  "address" : "2001:db8::1",
                  "port" : 80,
                  "weight" : 7,
                  "state" : "down",
                  "reason" : "refused",
                  "source" : "runtime",
                  "override" : true,
                  "max_connections" : 0
                }
                """, ViewJson.backend(control.backend(2)));
    }

    @Test
    void vipsAndStatusAreComplete() throws Exception {
        JsonNode vip = JSON.readTree(ViewJson.vips(control.vips())).get("vips").get(0);
        assertEquals("[\"tcp 10.0.0.1:80\"]", vip.get("listeners").toString());
        assertEquals("[\"tcp\"]", vip.get("protocols").toString());
        assertEquals("full false replace", vip.get("tracking").textValue() + " " + vip.get("connection_affinity").booleanValue()
                + " " + vip.get("client_address").textValue());
        assertEquals(0, vip.get("max_connections").intValue());
        assertEquals(1, vip.get("backends_usable").intValue());
        assertEquals(2, vip.get("backends_total").intValue());
        JsonNode status = JSON.readTree(ViewJson.status(control.status()));
        assertTrue(status.get("ready").booleanValue());
        assertEquals(7, status.at("/program/attachments/0/link_id").intValue());
        assertEquals("filter before 15", status.at("/program/own/0/name").asText() + " " + status.at("/program/own/0/position").asText() + " "
                + status.at("/program/own/0/id").intValue());
    }

    @Test
    void statsAddUpAndBackendsWithoutTrafficAreThere() throws Exception {
        JsonNode stats = JSON.readTree(CountersJson.stats(SampleControl.counters(), control.status()));
        assertEquals(30, stats.at("/packets/forward").longValue());
        assertEquals(9, stats.at("/errors/map_full").longValue());
        assertEquals(6, stats.at("/connections/evicted").longValue());
        assertEquals(0, stats.at("/errors/internal").longValue());
        assertEquals(6, stats.get("verdicts").size());
        assertEquals(11, stats.at("/listeners/0/connections").longValue());
        assertEquals(5, stats.at("/listeners/0/connections_active").longValue());
        assertEquals("{\"family\":\"ipv4\",\"allow\":2,\"deny\":7,\"max\":1000}", stats.at("/acl/0").toString());
        assertEquals("[{\"device\":\"eth0\",\"unfinished_checksums\":17,\"oversized_packets\":0},"
                + "{\"device\":\"eth1\",\"unfinished_checksums\":0,\"oversized_packets\":23}]", stats.get("devices").toString());
        JsonNode backends = JSON.readTree(CountersJson.backends(SampleControl.counters(), control.backends())).get("backends");
        assertEquals(20, backends.get(0).get("packets").longValue());
        assertEquals(8, backends.get(0).get("overflows").longValue());
        assertEquals(31, backends.get(0).get("nat_ports_used").longValue());
        assertEquals(4536, backends.get(0).get("nat_ports").longValue());
        assertEquals(false, backends.get(1).has("nat_ports"), "none is known of it");
        assertEquals("[2001:db8::1]:80", backends.get(1).get("backend").textValue());
        assertEquals("[2]", backends.get(1).get("ids").toString());
        assertEquals(0, backends.get(1).get("packets").longValue());
    }

    @Test
    void errorsCarryCodePlaceWhatWhyAndFix() throws Exception {
        String json = ViewJson.errors(List.of(new Problem("LOOM-3400", "$.port", "a \"b\"", "c", "d")));
        assertEquals("{\"errors\":[{\"code\":\"LOOM-3400\",\"where\":\"$.port\",\"what\":\"a \\\"b\\\"\",\"why\":\"c\","
                + "\"fix\":\"d\"}]}", JSON.readTree(json).toString());
    }
}
