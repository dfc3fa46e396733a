package io.loom.admin.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.api.control.PluginListing;
import io.loom.api.control.Telemetry;
import io.loom.observe.MetricsText;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class ApplianceTest {
    private final Appliance appliance = new Appliance();

    @Test
    void whatDoesNotRunIsNamed() {
        List<Supplier<?>> services = List.of(
                appliance::control, appliance::plugins, appliance::telemetry, appliance::tracing, appliance::metrics);
        assertEquals(
                List.of("the control plane (bundle loom-control) is not running", "the control plane (bundle loom-control) is not running",
                        "the data path (bundle loom-datapath) is not running", "the data path (bundle loom-datapath) is not running",
                        "the metrics page (bundle loom-observe) is not running"),
                services.stream().map(service -> problem(service).what()).toList());
        assertEquals(List.of("LOOM-3523"), services.stream().map(service -> problem(service).code()).distinct().toList());
        assertEquals(Optional.empty(), appliance.controlIfRunning());
    }

    private static Problem problem(Supplier<?> service) {
        return assertThrows(LoomException.class, service::get).problems().get(0);
    }

    @Test
    void whatRunsIsHandedOut() {
        FakeControl control = new FakeControl();
        FakeTracing tracing = new FakeTracing();
        PluginListing plugins = List::of;
        Telemetry telemetry = () -> {
            throw new IllegalStateException("nobody reads it");
        };
        MetricsText metrics = accept -> new MetricsText.Page("text/plain", new byte[0]);
        appliance.control = control;
        appliance.tracing = tracing;
        appliance.plugins = plugins;
        appliance.telemetry = telemetry;
        appliance.metrics = metrics;
        assertSame(control, appliance.control());
        assertSame(control, appliance.controlIfRunning().orElseThrow());
        assertSame(tracing, appliance.tracing());
        assertSame(plugins, appliance.plugins());
        assertSame(telemetry, appliance.telemetry());
        assertSame(metrics, appliance.metrics());
        appliance.control = null;
        assertEquals("LOOM-3523", problem(appliance::control).code(), "it may go at any time");
    }
}
