package io.loom.observe;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.loom.api.Endpoint;
import io.loom.api.control.BackendView;
import io.loom.api.control.Status;
import io.loom.api.control.Telemetry.AclUse;
import io.loom.api.control.Telemetry.BackendCount;
import io.loom.api.control.Telemetry.Counters;
import io.loom.api.control.Telemetry.CpuCount;
import io.loom.api.control.Telemetry.LimitUse;
import io.loom.api.control.Telemetry.ListenerCount;
import io.loom.api.control.Telemetry.MapUse;
import io.loom.api.control.Telemetry.OffloadCount;
import io.loom.api.control.Telemetry.PortUse;
import io.loom.api.control.Telemetry.VerdictCount;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The JSON of the kernel's counters. Counts are since the maps were made. */
public final class CountersJson {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private CountersJson() {}

    /** Program, totals, verdicts, listeners and maps. */
    public static String stats(Counters counters, Status status) {
        ObjectNode json = JSON.objectNode();
        ViewJson.program(json.putObject("program"), status.program());
        totals(json, counters);
        ArrayNode verdicts = json.putArray("verdicts");
        counters.verdicts().forEach(count -> verdict(verdicts.addObject(), count));
        ArrayNode listeners = json.putArray("listeners");
        for (ListenerCount count : counters.listeners()) {
            listeners.addObject().put("listener", count.listener()).put("packets", count.packets())
                    .put("bytes", count.bytes()).put("connections", count.connections())
                    .put("connections_active", count.active());
        }
        ArrayNode limits = json.putArray("limits");
        for (LimitUse use : counters.limits()) {
            limits.addObject().put(use.owner().name().toLowerCase(Locale.ROOT), use.name()).put("max_connections", use.limit())
                    .put("connections_open", use.open());
        }
        ArrayNode acl = json.putArray("acl");
        for (AclUse use : counters.acl()) {
            acl.addObject().put("family", use.family().name().toLowerCase(Locale.ROOT)).put("allow", use.allow())
                    .put("deny", use.deny()).put("max", use.max());
        }
        ArrayNode maps = json.putArray("maps");
        for (MapUse map : counters.maps()) {
            maps.addObject().put("name", map.name()).put("type", map.type()).put("id", map.id())
                    .put("max_entries", map.maxEntries()).put("memory_bytes", map.memoryBytes());
        }
        ArrayNode cpus = json.putArray("cpus");
        for (CpuCount count : counters.cpus()) {
            cpus.addObject().put("cpu", count.cpu()).put("packets", count.packets()).put("bytes", count.bytes());
        }
        ArrayNode devices = json.putArray("devices");
        for (OffloadCount count : counters.offloads()) {
            devices.addObject().put("device", count.device()).put("unfinished_checksums", count.unfinished())
                    .put("oversized_packets", count.oversized());
        }
        return JsonText.of(json);
    }

    /**
     * One entry for each endpoint, known to the kernel or to the configuration. Endpoints that several upstreams share are
     * counted once, because the kernel counts them once; {@code ids} names all their backends.
     */
    public static String backends(Counters counters, List<BackendView> backends) {
        Map<Endpoint, BackendCount> byEndpoint = new LinkedHashMap<>();
        Map<Endpoint, List<Integer>> idsOf = new HashMap<>();
        for (BackendView view : backends) {
            byEndpoint.put(view.endpoint(), BackendCount.none(view.endpoint()));
            idsOf.computeIfAbsent(view.endpoint(), absent -> new ArrayList<>()).add(view.id());
        }
        counters.backends().forEach(count -> byEndpoint.put(count.endpoint(), count));
        Map<Endpoint, PortUse> ports = new HashMap<>();
        counters.ports().forEach(use -> ports.put(use.backend(), use));
        ObjectNode json = JSON.objectNode();
        ArrayNode array = json.putArray("backends");
        for (BackendCount count : byEndpoint.values()) {
            ObjectNode node = array.addObject().put("backend", count.endpoint().toString());
            ArrayNode ids = node.putArray("ids");
            idsOf.getOrDefault(count.endpoint(), List.of()).forEach(ids::add);
            node.put("packets", count.packets()).put("bytes", count.bytes())
                    .put("connections_total", count.connections()).put("connections_active", count.active())
                    .put("overflows", count.overflows());
            PortUse use = ports.get(count.endpoint());
            if (use != null) {
                node.put("nat_ports_used", use.used()).put("nat_ports", use.max());
            }
        }
        return JsonText.of(json);
    }

    private static void totals(ObjectNode json, Counters counters) {
        Totals totals = Totals.of(counters);
        ObjectNode packets = json.putObject("packets");
        totals.packets().forEach((action, count) -> packets.put(action.name().toLowerCase(Locale.ROOT), count));
        json.putObject("bytes").put("rx", totals.rxBytes()).put("tx", totals.txBytes());
        json.putObject("connections").put("active", counters.connectionsActive()).put("total", counters.connectionsCreated())
                .put("evicted", counters.connectionsEvicted());
        ObjectNode errors = json.putObject("errors");
        totals.errors().forEach((type, count) -> errors.put(type.label(), count));
    }

    private static void verdict(ObjectNode json, VerdictCount count) {
        json.put("number", count.number()).put("reason", count.reason())
                .put("action", count.action().name().toLowerCase(Locale.ROOT))
                .put("packets", count.packets()).put("bytes_in", count.bytesIn()).put("bytes_out", count.bytesOut());
    }
}
