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

/**
 * What the lookup tables of a configuration will take of the kernel's memory. Pure.
 *
 * @param tables one for each vip and family of its addresses
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
        int tables = 0;
        long bytes = 0;
        for (Vip vip : config.vips()) {
            int backends = servers.getOrDefault(vip.upstream(), 0);
            int families = vip.interfaceAddresses() ? 1 : (int) vip.addresses().stream().map(Family::of).distinct().count();
            int own = vip.services().isEmpty() ? 0 : families;
            tables += own;
            bytes += own * bytes(TableSize.of(vip.tableSize(), backends, backends));
        }
        return new TableMemory(tables, bytes);
    }

    /** For people. */
    public String line() {
        return String.format(Locale.ROOT, "lookup tables, %d: %.1f MiB of kernel memory beside the maps", tables, bytes / MIB);
    }
}
