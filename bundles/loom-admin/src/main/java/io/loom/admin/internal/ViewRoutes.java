package io.loom.admin.internal;

import io.loom.api.control.Status;
import io.loom.observe.CountersJson;
import io.loom.observe.MetricsText;
import io.loom.observe.ViewJson;
import java.util.List;
import java.util.Map;

/** What can be looked at: status, vips, counters, metrics and the two probes. */
final class ViewRoutes {
    private final Appliance appliance;

    ViewRoutes(Appliance appliance) {
        this.appliance = appliance;
    }

    List<Route> routes() {
        return List.of(
                new Route("GET", "/ebpf/stats", "program, packet and connection counters", this::stats),
                new Route("GET", "/ebpf/vips", "all vips with their listeners", this::vips),
                new Route("GET", "/ebpf/plugins", "every file in deploy/ and what became of it", this::plugins),
                new Route("GET", "/ebpf/status", "the whole appliance at a glance", this::status),
                // Whoever scrapes and probes is configured elsewhere, and may add what it likes.
                new Route("GET", "/metrics", "Prometheus or OpenMetrics text", true, this::metrics),
                new Route("GET", "/readyz", "503 with the reason until every named interface is attached and first health results are in the kernel, then 200 for good; the state of vips is in `/ebpf/vips`", true, this::ready),
                new Route("GET", "/healthz", "200 as long as the process answers", true, call ->
                        Answer.json(200, "{\"alive\":true}\n")));
    }

    private Answer stats(Call call) {
        return Answer.json(200, CountersJson.stats(appliance.telemetry().read(), appliance.control().status()));
    }

    private Answer vips(Call call) {
        return Answer.json(200, ViewJson.vips(appliance.control().vips()));
    }

    private Answer plugins(Call call) {
        return Answer.json(200, ViewJson.plugins(appliance.plugins().plugins()));
    }

    private Answer status(Call call) {
        return Answer.json(200, ViewJson.status(appliance.control().status()));
    }

    private Answer metrics(Call call) {
        MetricsText.Page page = appliance.metrics().render(call.header("Accept"));
        return new Answer(200, page.contentType(), Map.of(), page.body());
    }

    private Answer ready(Call call) {
        Status status = appliance.control().status();
        if (status.ready()) {
            return Answer.json(200, "{\"ready\":true}\n");
        }
        return Answer.refusal(Refusal.NOT_RUNNING, "", "not ready", status.waiting(), "wait, or look at /ebpf/status");
    }
}
