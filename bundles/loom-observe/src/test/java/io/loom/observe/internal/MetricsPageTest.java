package io.loom.observe.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.control.Telemetry;
import io.loom.observe.ErrorType;
import io.loom.observe.Metric;
import io.loom.observe.MetricsText;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class MetricsPageTest {
    private static MetricsText.Page page(Telemetry.Counters counters, String accept) {
        PrometheusPage page = new PrometheusPage(() -> counters, new SampleControl(), "0.1.0");
        page.probing = SampleControl::probing;
        return page.render(accept);
    }

    private static List<String> samples(Telemetry.Counters counters) {
        return new String(page(counters, "").body(), StandardCharsets.UTF_8).lines()
                .filter(line -> !line.startsWith("#")).toList();
    }

    @Test
    void theSpecificationsSeriesCarryTheKernelsNumbers() {
        List<String> samples = samples(SampleControl.counters());
        for (String line : List.of(
                "loom_ebpf_packets_total{action=\"forward\"} 30.0",
                "loom_ebpf_packets_total{action=\"drop\"} 8.0",
                "loom_ebpf_packets_total{action=\"pass\"} 4.0",
                "loom_ebpf_bytes_total{direction=\"rx\"} 4520.0",
                "loom_ebpf_bytes_total{direction=\"tx\"} 3300.0",
                "loom_ebpf_connections_active 5.0",
                "loom_ebpf_connections_total 12.0",
                "loom_ebpf_backend_packets_total{backend=\"10.0.1.10:8080\"} 20.0",
                "loom_ebpf_backend_connections_active{backend=\"10.0.1.10:8080\"} 4.0",
                "loom_ebpf_errors_total{type=\"map_full\"} 9.0",
                "loom_ebpf_connections_evicted_total 6.0",
                "loom_ebpf_errors_total{type=\"no_backend\"} 3.0",
                "loom_ebpf_errors_total{type=\"ports_exhausted\"} 4.0",
                "loom_ebpf_errors_total{type=\"method\"} 1.0")) {
            assertTrue(samples.contains(line), () -> line + " is not in\n" + String.join("\n", samples));
        }
    }

    @Test
    void ourOwnSeriesAreThere() {
        List<String> samples = samples(SampleControl.counters());
        for (String line : List.of(
                "loom_ebpf_verdicts_total{reason=\"nat_drop_ports_exhausted\"} 4.0",
                "loom_ebpf_backend_up{backend=\"10.0.1.10:8080\",id=\"1\",upstream=\"default\"} 1.0",
                "loom_ebpf_backend_up{backend=\"[2001:db8::1]:80\",id=\"2\",upstream=\"default\"} 0.0",
                "loom_ebpf_backend_overflows_total{backend=\"10.0.1.10:8080\"} 8.0",
                "loom_ebpf_backend_overflows_total{backend=\"[2001:db8::1]:80\"} 0.0",
                "loom_ebpf_nat_ports_used{backend=\"10.0.1.10:8080\"} 31.0",
                "loom_ebpf_nat_ports{backend=\"10.0.1.10:8080\"} 4536.0",
                "loom_ebpf_unfinished_checksums_total{device=\"eth0\"} 17.0",
                "loom_ebpf_unfinished_checksums_total{device=\"eth1\"} 0.0",
                "loom_ebpf_oversized_packets_total{device=\"eth0\"} 0.0",
                "loom_ebpf_oversized_packets_total{device=\"eth1\"} 23.0",
                "loom_ebpf_acl_prefixes{action=\"allow\",family=\"ipv4\"} 2.0",
                "loom_ebpf_acl_prefixes{action=\"deny\",family=\"ipv6\"} 3.0",
                "loom_ebpf_acl_prefixes_max{family=\"ipv6\"} 1000.0",
                "loom_ebpf_vip_packets_total{listener=\"tcp 10.0.0.1:80\",vip=\"web\"} 20.0",
                "loom_ebpf_vip_connections_active{listener=\"tcp 10.0.0.1:80\",vip=\"web\"} 5.0",
                "loom_ebpf_vip_degraded{vip=\"web\"} 1.0",
                "loom_ebpf_map_memory_bytes{map=\"loom_conns4\",type=\"lru_hash\"} 4096.0",
                "loom_ebpf_attached{device=\"eth0\",mode=\"native\"} 1.0",
                "loom_health_places 512.0",
                "loom_health_servers{upstream=\"default\"} 2.0",
                "loom_health_probes_open{upstream=\"default\"} 1.0",
                "loom_health_probes_waiting{upstream=\"default\"} 3.0",
                "loom_health_probes_late_seconds{upstream=\"default\"} 0.375",
                "loom_health_servers{upstream=\"other\"} 5.0",
                "loom_health_probes_open{upstream=\"other\"} 4.0",
                "loom_health_probes_waiting{upstream=\"other\"} 0.0",
                "loom_health_probes_late_seconds{upstream=\"other\"} 0.0",
                "loom_ebpf_program_info{id=\"12\",name=\"loom\",tag=\"0123456789abcdef\"} 1",
                "loom_ebpf_ready 1.0")) {
            assertTrue(samples.contains(line), () -> line + " is not in\n" + String.join("\n", samples));
        }
    }

    @Test
    void aQuietApplianceExposesEveryErrorAndBackendAtZero() {
        List<String> samples = samples(new Telemetry.Counters(List.of(), 0, 0, 0, 0, List.of(), List.of(), List.of()));
        for (ErrorType type : ErrorType.values()) {
            assertTrue(samples.contains("loom_ebpf_errors_total{type=\"" + type.label() + "\"} 0.0"), type.label());
        }
        for (String action : List.of("forward", "drop", "pass")) {
            assertTrue(samples.contains("loom_ebpf_packets_total{action=\"" + action + "\"} 0.0"), action);
        }
        assertTrue(samples.contains("loom_ebpf_backend_packets_total{backend=\"[2001:db8::1]:80\"} 0.0"));
        assertTrue(samples.contains("loom_ebpf_backend_connections_active{backend=\"[2001:db8::1]:80\"} 0.0"));
    }

    @Test
    void exactlyTheCataloguedNamesAppear() {
        TreeSet<String> exposed = samples(SampleControl.counters()).stream().map(line -> line.split("[{ ]")[0])
                .collect(Collectors.toCollection(TreeSet::new));
        TreeSet<String> catalogued = Arrays.stream(Metric.values()).map(Metric::series)
                .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(catalogued, exposed);
    }

    @Test
    void openMetricsIsGivenOnlyToThoseWhoAskForIt() {
        assertTrue(page(SampleControl.counters(), "").contentType().startsWith("text/plain; version=0.0.4"));
        assertTrue(page(SampleControl.counters(), "text/html, */*").contentType().startsWith("text/plain"));
        MetricsText.Page open = page(SampleControl.counters(), "application/openmetrics-text;version=1.0.0,text/plain;q=0.5");
        assertTrue(open.contentType().startsWith("application/openmetrics-text"), open.contentType());
        String body = new String(open.body(), StandardCharsets.UTF_8);
        assertTrue(body.endsWith("# EOF\n"));
        assertTrue(body.contains("loom_ebpf_packets_total{action=\"forward\"} 30.0"));
        assertFalse(body.contains("_created"));
    }
}
