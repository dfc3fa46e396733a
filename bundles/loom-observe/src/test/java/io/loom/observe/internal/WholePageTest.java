package io.loom.observe.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.loom.api.control.LoomControl;
import io.loom.observe.Metric;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class WholePageTest {
    private final LoomControl control = (LoomControl) Proxy.newProxyInstance(
            LoomControl.class.getClassLoader(), new Class<?>[] {LoomControl.class}, (proxy, method, arguments) -> switch (method.getName()) {
                case "status" -> TwoOfEach.status();
                case "vips" -> TwoOfEach.vips();
                case "backends" -> TwoOfEach.backends();
                default -> throw new UnsupportedOperationException(method.getName());
            });
    private final PrometheusPage page = new PrometheusPage(TwoOfEach::counters, control, "0.1.0");

    private String body(String accept) {
        return new String(page.render(accept).body(), StandardCharsets.UTF_8)
                .replace("java=\"" + System.getProperty("java.version") + "\"", "java=\"X\"");
    }

    @Test
    void everyValueIsItsOwnAndEveryHelpIsThere() throws IOException {
        page.probing = TwoOfEach::probing;
        Golden.assertText(WholePageTest.class, "metrics.txt", body(""));
        assertEquals("text/plain; version=0.0.4; charset=utf-8", page.render("").contentType());
    }

    @Test
    void withoutHealthChecksNothingIsSaidOfThem() {
        assertFalse(body("").contains("loom_health_"));
    }

    @Test
    void aValueNeedsAllItsLabels() {
        Samples samples = new Samples();
        assertThrows(IllegalArgumentException.class, () -> samples.add(Metric.BACKEND_UP, 1, "only one"));
        assertEquals(samples, samples.add(Metric.READY, 1));
    }
}
