package io.loom.datapath.internal;

import io.loom.api.Family;
import io.loom.api.config.LoomConfig;
import io.loom.api.config.TableSize;
import io.loom.api.config.Upstream;
import io.loom.api.config.Vip;
import io.loom.datapath.internal.layout.TableRows;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What the lookup tables of a configuration will take of the kernel's memory. Pure.
 *
 * @param tables one for each vip and family of its addresses; those of vips with the same upstream, method, algorithm and size are one
 */
public record TableMemory(int tables, long bytes) {
    private static final long PAGE = 4096;
    private static final double MIB = 1 << 20;

    /** An array that is mapped takes whole pages, and one for what the kernel keeps of it. */
    private static long bytes(int size) {
        long rows = (long) TableRows.rows(size) * TableRows.rowSize();
        return (rows + PAGE - 1) / PAGE * PAGE + PAGE;
    }

    /** Of the flat form as if the interface had addresses of one family. */
    public static TableMemory of(LoomConfig config) {
        Map<String, Integer> servers = new HashMap<>();
        for (Upstream upstream : config.upstreams()) {
            servers.put(upstream.name(), upstream.servers().size());
        }
        Map<Shared, Integer> sizes = new HashMap<>();
        for (Vip vip : config.vips()) {
            int backends = servers.getOrDefault(vip.upstream(), 0);
            int size = TableSize.of(vip.tableSize(), backends, backends);
            families(vip).forEach(family -> sizes.put(
                    new Shared(vip.upstream(), family, vip.forwarding(), vip.algorithm(), vip.tableSize()), size));
        }
        return new TableMemory(sizes.size(), sizes.values().stream().mapToLong(TableMemory::bytes).sum());
    }

    private record Shared(String upstream, Family family, String method, String algorithm, int configured) {}

    private static Set<Family> families(Vip vip) {
        if (vip.services().isEmpty()) {
            return Set.of();
        }
        return vip.interfaceAddresses() ? Set.of(Family.IPV4) : vip.addresses().stream().map(Family::of).collect(Collectors.toSet());
    }

    /** For people. */
    public String line() {
        return String.format(Locale.ROOT, "lookup tables, %d: %.1f MiB of kernel memory beside the maps", tables, bytes / MIB);
    }
}
