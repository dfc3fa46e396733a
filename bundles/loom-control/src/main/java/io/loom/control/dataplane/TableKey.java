package io.loom.control.dataplane;

import io.loom.api.Family;
import io.loom.api.Problem;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;

/** Identity of a lookup table: one for each vip and address family. */
public record TableKey(String vip, Family family) implements Comparable<TableKey> {
    /** Thousands of vips may have one table. */
    private static final int NAMED = 3;

    @Override
    public int compareTo(TableKey other) {
        int vips = vip.compareTo(other.vip);
        return vips != 0 ? vips : family.compareTo(other.family);
    }

    /** Such as {@code vips a, b, c and 2 more for IPv4}. */
    public static String named(Collection<TableKey> keys) {
        List<String> vips = keys.stream().map(TableKey::vip).distinct().toList();
        String families = keys.stream().map(TableKey::family).distinct().sorted().map(family -> "IPv" + family.version())
                .collect(Collectors.joining(" and "));
        return (vips.size() > 1 ? "vips " : "vip ") + Problem.few(vips, vips.size(), NAMED) + " for " + families;
    }
}
