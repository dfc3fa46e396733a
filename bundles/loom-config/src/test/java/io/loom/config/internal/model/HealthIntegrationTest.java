package io.loom.config.internal.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Problem;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The upstream that health_integration names, which lends its check to ebpf.backends and to nothing else. */
class HealthIntegrationTest {
    private static final String SERVERS = "[{address: 10.0.0.1, port: 80}]";
    private static final String SHOP = "upstreams: [{name: shop, servers: " + SERVERS + ", health_check: {}}]\n";
    private static final String FLAT = "  xdp: {protocols: {tcp: {ports: 80}}}\n  backends: " + SERVERS + "\n";
    private static final String VIP = "  vips: [{name: a, addresses: 10.0.0.9, ports: 80, upstream: shop}]\n";

    private static List<String> warnings(String integration, String rest) {
        return Yaml.good("ebpf:\n  interface: e\n  health_integration: {" + integration + "}\n" + rest).warnings().stream()
                .map(Problem::toString).toList();
    }

    @Test
    void aMisspeltNameIsOneThatWasMeant() {
        List<String> warnings = warnings("upstream: shpo", FLAT + SHOP);
        assertTrue(warnings.get(0).startsWith("LOOM-2104 f:3:34: "), warnings::toString);
        assertTrue(warnings.get(0).endsWith("upstream shpo is not defined in this file; did you mean shop? define it below upstreams for other times"),
                warnings::toString);
    }

    @Test
    void withoutBackendsItMayOnlyNameWhatIsProbedAnyway() {
        assertEquals(List.of("LOOM-2112 f:3:34: upstream of health_integration has no effect: upstream shpo is not defined in this file; "
                + "did you mean shop? define it below upstreams, or remove the key"), warnings("upstream: shpo", VIP + SHOP));
        assertEquals(List.of("LOOM-2112 f:3:34: upstream of health_integration has no effect: upstream shop has no health_check; "
                + "give it one, or remove the key"), warnings("upstream: shop", VIP + SHOP.replace(", health_check: {}", "")));
        assertEquals(List.of(), warnings("upstream: shop", VIP + SHOP));
        assertEquals(List.of(), warnings("", VIP + SHOP));
    }

    @Test
    void withoutBackendsItUsesNoUpstream() {
        List<String> warnings = warnings("upstream: u", VIP.replace("upstream: shop", "backends: " + SERVERS)
                + "upstreams: [{name: u, servers: " + SERVERS + ", on_down: keep}]\n");
        assertEquals(3, warnings.size(), warnings::toString);
        assertTrue(warnings.get(1).contains("no vip uses upstream u"), warnings::toString);
        assertTrue(warnings.get(2).contains("on_down: keep of upstream u has no effect"), warnings::toString);
    }
}
