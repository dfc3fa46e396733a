package io.loom.control.dataplane;

import io.loom.api.Family;

/** Identity of a lookup table: one for each vip and address family. */
public record TableKey(String vip, Family family) implements Comparable<TableKey> {
    @Override
    public int compareTo(TableKey other) {
        int vips = vip.compareTo(other.vip);
        return vips != 0 ? vips : family.compareTo(other.family);
    }
}
