package io.loom.observe.internal;

import io.loom.api.Endpoint;
import io.loom.api.control.BackendView;
import io.loom.api.control.Probing;
import io.loom.api.control.Probing.UpstreamUse;
import io.loom.api.control.Status;
import io.loom.api.control.Status.AttachmentView;
import io.loom.api.control.Telemetry.AclUse;
import io.loom.api.control.Telemetry.BackendCount;
import io.loom.api.control.Telemetry.Counters;
import io.loom.api.control.Telemetry.LimitUse;
import io.loom.api.control.Telemetry.ListenerCount;
import io.loom.api.control.Telemetry.PortUse;
import io.loom.api.control.VipView;
import io.loom.observe.Metric;
import io.loom.observe.Totals;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Turns counters and views into samples. Pure. */
record MetricsCollection(
        Counters counters, Status status, List<VipView> vips, List<BackendView> backends, Optional<Probing.Use> probing) {


    Samples collect(String version) {
        Samples samples = new Samples();
        totals(samples);
        backends(samples);
        vips(samples);
        limits(samples);
        ports(samples);
        acl(samples);
        probing.ifPresent(use -> probes(samples, use));
        counters.maps().forEach(map -> samples
                .add(Metric.MAP_ENTRIES_MAX, map.maxEntries(), map.name(), map.type())
                .add(Metric.MAP_MEMORY, map.memoryBytes(), map.name(), map.type()));
        counters.cpus().forEach(cpu -> samples.add(Metric.CPU_PACKETS, cpu.packets(), Integer.toString(cpu.cpu())));
        counters.offloads().forEach(count -> samples
                .add(Metric.UNFINISHED_CHECKSUMS, count.unfinished(), count.device())
                .add(Metric.OVERSIZED_PACKETS, count.oversized(), count.device()));
        process(samples, version);
        return samples;
    }

    private void totals(Samples samples) {
        Totals totals = Totals.of(counters);
        totals.packets().forEach((action, packets) ->
                samples.add(Metric.PACKETS, packets, action.name().toLowerCase(Locale.ROOT)));
        samples.add(Metric.BYTES, totals.rxBytes(), "rx").add(Metric.BYTES, totals.txBytes(), "tx");
        samples.add(Metric.CONNECTIONS_ACTIVE, counters.connectionsActive());
        samples.add(Metric.CONNECTIONS, counters.connectionsCreated());
        samples.add(Metric.CONNECTIONS_EVICTED, counters.connectionsEvicted());
        totals.errors().forEach((type, count) -> samples.add(Metric.ERRORS, count, type.label()));
        counters.verdicts().forEach(verdict -> samples.add(Metric.VERDICTS, verdict.packets(), verdict.reason()));
    }

    private void backends(Samples samples) {
        Set<Endpoint> counted = new HashSet<>();
        for (BackendCount count : counters.backends()) {
            counted.add(count.endpoint());
            backend(samples, count);
        }
        for (BackendView view : backends) {
            if (counted.add(view.endpoint())) {
                backend(samples, BackendCount.none(view.endpoint()));
            }
            String[] labels = {view.endpoint().toString(), view.upstream(), Integer.toString(view.id())};
            samples.add(Metric.BACKEND_UP, view.state() == BackendView.State.UP ? 1 : 0, labels);
            samples.add(Metric.BACKEND_WEIGHT, view.weight(), labels);
        }
    }

    private static void backend(Samples samples, BackendCount count) {
        String backend = count.endpoint().toString();
        samples.add(Metric.BACKEND_PACKETS, count.packets(), backend)
                .add(Metric.BACKEND_BYTES, count.bytes(), backend)
                .add(Metric.BACKEND_CONNECTIONS, count.connections(), backend)
                .add(Metric.BACKEND_CONNECTIONS_ACTIVE, count.active(), backend)
                .add(Metric.BACKEND_OVERFLOWS, count.overflows(), backend);
    }

    private void vips(Samples samples) {
        Map<String, String> vipOfListener = new HashMap<>();
        for (VipView vip : vips) {
            vip.listeners().forEach(listener -> vipOfListener.put(listener, vip.name()));
            samples.add(Metric.VIP_BACKENDS_USABLE, vip.usable(), vip.name());
            samples.add(Metric.VIP_DEGRADED, vip.degraded().isEmpty() ? 0 : 1, vip.name());
        }
        for (ListenerCount count : counters.listeners()) {
            // A listener that was just taken away may still have counters: its vip is no longer known.
            String vip = vipOfListener.getOrDefault(count.listener(), "");
            samples.add(Metric.VIP_PACKETS, count.packets(), vip, count.listener())
                    .add(Metric.VIP_BYTES, count.bytes(), vip, count.listener())
                    .add(Metric.VIP_CONNECTIONS, count.connections(), vip, count.listener())
                    .add(Metric.VIP_CONNECTIONS_ACTIVE, count.active(), vip, count.listener());
        }
    }

    private void limits(Samples samples) {
        for (LimitUse use : counters.limits()) {
            boolean vip = use.owner() == LimitUse.Owner.VIP;
            samples.add(vip ? Metric.VIP_CONNECTIONS_OPEN : Metric.BACKEND_CONNECTIONS_OPEN, use.open(), use.name())
                    .add(vip ? Metric.VIP_CONNECTIONS_LIMIT : Metric.BACKEND_CONNECTIONS_LIMIT, use.limit(), use.name());
        }
    }

    private void ports(Samples samples) {
        for (PortUse use : counters.ports()) {
            samples.add(Metric.NAT_PORTS_USED, use.used(), use.backend().toString())
                    .add(Metric.NAT_PORTS, use.max(), use.backend().toString());
        }
    }

    private void acl(Samples samples) {
        for (AclUse use : counters.acl()) {
            String family = use.family().name().toLowerCase(Locale.ROOT);
            samples.add(Metric.ACL_PREFIXES, use.allow(), family, "allow")
                    .add(Metric.ACL_PREFIXES, use.deny(), family, "deny")
                    .add(Metric.ACL_PREFIXES_MAX, use.max(), family);
        }
    }

    private static void probes(Samples samples, Probing.Use use) {
        samples.add(Metric.PROBE_PLACES, use.places());
        for (UpstreamUse upstream : use.upstreams()) {
            samples.add(Metric.PROBE_SERVERS, upstream.servers(), upstream.upstream())
                    .add(Metric.PROBES_OPEN, upstream.open(), upstream.upstream())
                    .add(Metric.PROBES_WAITING, upstream.waiting(), upstream.upstream())
                    .add(Metric.PROBES_LATE, upstream.lateNanos() / 1e9, upstream.upstream());
        }
    }

    private void process(Samples samples, String version) {
        samples.add(Metric.READY, status.ready() ? 1 : 0);
        for (AttachmentView attachment : status.program().attachments()) {
            samples.add(Metric.ATTACHED, "none".equals(attachment.mode()) ? 0 : 1, attachment.device(), attachment.mode());
        }
        if (status.program().id() != 0) {
            samples.add(Metric.PROGRAM, 1,
                    status.program().name(), Integer.toString(status.program().id()), status.program().tag());
        }
        samples.add(Metric.BUILD, 1, version, System.getProperty("java.version"));
    }
}
