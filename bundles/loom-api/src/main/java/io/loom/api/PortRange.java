package io.loom.api;

import java.util.List;

/**
 * Ports that follow each other, printed as {@code 1024-32767}.
 *
 * @param first 1 or more
 * @param last  not below first
 */
public record PortRange(int first, int last) {
    private static final int HIGHEST = 65535;

    public PortRange {
        if (first < 1 || last > HIGHEST || first > last) {
            throw new IllegalArgumentException("no port range: " + first + "-" + last);
        }
    }

    public int count() {
        return last - first + 1;
    }

    public boolean contains(int port) {
        return port >= first && port <= last;
    }

    /** The smallest range that has all of these, of which there is at least one. */
    public static PortRange around(List<PortRange> ranges) {
        return new PortRange(ranges.stream().mapToInt(PortRange::first).min().orElseThrow(),
                ranges.stream().mapToInt(PortRange::last).max().orElseThrow());
    }

    @Override
    public String toString() {
        return first + "-" + last;
    }
}
