package io.loom.datapath;

import io.loom.api.config.Attachment;
import io.loom.api.config.Conntrack;
import io.loom.api.config.IcmpSettings;
import io.loom.api.config.LoomConfig;
import io.loom.api.config.MapSettings;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.Kernel;
import io.loom.libbpf.MapType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What is set in a program before it is loaded.
 *
 * @param hz          jiffies a second
 * @param timeouts    ticks that a connection can be idle, by enum loom_conn_state
 * @param affinity    ticks that a client can be away until it is forgotten
 * @param seed        secret of the connection table's hash; stays with the table
 * @param backends    the map of numbered backends, of which number 0 is none
 * @param connections tracked connections of each family, and entries of each hash map of a method
 * @param verdicts    verdict counters
 * @param late        how many ticks the clock of an assured connection in its longest states may be late: the largest {@link #step()}
 *                    of all programs that wrote into these maps
 * @param icmp        what the program says itself
 * @param ringBytes   of the trace's ring: a power of two of pages
 * @param generic     an interface may run in generic mode, where packets are not always as they leave
 * @param software    an interface is one of software alone, over which packets may come whose checksum nobody has filled in
 */
public record Tuning(
        int hz, List<Integer> timeouts, int affinity, long seed, Size backends, Connections connections, Size verdicts, int late,
        IcmpSettings icmp, int ringBytes, boolean generic, boolean software) {

    private static final int ESTABLISHED = 1;
    private static final int DATAGRAM = 5;
    private static final int STEPS = 16;
    private static final int LARGEST_STEP = 30;
    private static final int SMALL_RING = 1 << 14;

    public record Size(int maxEntries, MapType type) {
        static Size of(MapSettings.Setting setting) {
            return new Size(setting.maxEntries(), MapType.valueOf(setting.type().toUpperCase(Locale.ROOT)));
        }
    }

    /** Which table holds connections: Loom's own cache, or a map of the kernel. */
    public record Connections(int maxEntries, Kind kind) {
        private static final int WAYS_PER_ENTRY = 2;
        private static final int WAYS_PER_SET = 8;
        /** Entries of a method's table of pairs that lie side by side. */
        public static final int GROUP = 4;

        public enum Kind {
            CACHE(MapType.ARRAY), LRU_HASH(MapType.LRU_HASH), HASH(MapType.HASH);

            private final MapType mapType;

            Kind(MapType mapType) {
                this.mapType = mapType;
            }
        }

        static Connections of(MapSettings.Setting setting) {
            return new Connections(setting.maxEntries(), Kind.valueOf(setting.type().toUpperCase(Locale.ROOT)));
        }

        /** The table that a map is. */
        public static Connections of(BpfMap map) {
            return switch (map.type()) {
                case ARRAY -> new Connections(map.maxEntries() * WAYS_PER_SET / WAYS_PER_ENTRY, Kind.CACHE);
                case HASH -> new Connections(map.maxEntries(), Kind.HASH);
                default -> new Connections(map.maxEntries(), Kind.LRU_HASH);
            };
        }

        public boolean isCache() {
            return kind == Kind.CACHE;
        }

        /** The cache has twice as many ways as connections, so that few sets are full when the table is. */
        public int sets() {
            return Math.max(1, (maxEntries * WAYS_PER_ENTRY + WAYS_PER_SET - 1) / WAYS_PER_SET);
        }

        /**
         * Groups of a method's table of pairs, which has a quarter more entries than there can be connections, so that the
         * search for a free one stays short. Follows from the map alone, so that a table and its pairs fit each other.
         */
        public int groups() {
            int connections = isCache() ? sets() * WAYS_PER_SET / WAYS_PER_ENTRY : maxEntries;
            return (connections + connections / 4 + GROUP - 1) / GROUP;
        }

        /** The map that it takes. */
        public Size map() {
            return new Size(isCache() ? sets() : maxEntries, kind.mapType);
        }
    }

    public Tuning {
        timeouts = List.copyOf(timeouts);
        late = Math.max(late, step(timeouts, affinity));
        ringBytes = wholePages(ringBytes);
    }

    /** Of maps that no other program has written into. */
    public Tuning(
            int hz, List<Integer> timeouts, int affinity, long seed, Size backends, Connections connections, Size verdicts) {
        this(hz, timeouts, affinity, seed, backends, connections, verdicts, 1, IcmpSettings.DEFAULT, SMALL_RING, false, false);
    }

    /** @param seed of the table that exists, or a new one */
    public static Tuning of(LoomConfig config, int hz, long seed) {
        Conntrack conntrack = config.conntrack();
        MapSettings maps = config.maps();
        List<Integer> timeouts = List.of(
                ticks(conntrack.synSent(), hz), ticks(conntrack.established(), hz), ticks(conntrack.finWait(), hz),
                ticks(conntrack.timeWait(), hz), ticks(conntrack.synReceived(), hz), ticks(conntrack.datagram(), hz));
        return new Tuning(
                hz, timeouts, ticks(conntrack.affinity(), hz), seed, backends(maps),
                Connections.of(maps.connections()), Size.of(maps.stats()), 1, config.icmp(), maps.ringBytes(), generic(config.attachment()),
                false);
    }

    private static boolean generic(Attachment attachment) {
        return attachment.mode() == Attachment.Mode.GENERIC || attachment.genericFallback();
    }

    /** How many backends a map of so many numbers is for: {@link MapSettings#backendNumbers} the other way round. */
    public static int backends(int entries) {
        return entries > MapSettings.BACKEND_NUMBERS ? MapSettings.BACKEND_NUMBERS : (entries - 1) / 2;
    }

    private static Size backends(MapSettings maps) {
        return new Size(maps.backendNumbers() + 1, Size.of(maps.backends()).type());
    }

    /** Small maps and the default timeouts: for self tests and packet tables. */
    public static Tuning small(int hz) {
        return new Tuning(
                hz, List.of(seconds(30, hz), seconds(300, hz), seconds(60, hz), seconds(120, hz), seconds(30, hz), seconds(300, hz)),
                seconds(300, hz), 0, new Size(64, MapType.ARRAY), new Connections(1024, Connections.Kind.CACHE),
                new Size(256, MapType.PERCPU_ARRAY));
    }

    /** The same with another connection table. */
    public Tuning withConnections(Connections other) {
        return new Tuning(hz, timeouts, affinity, seed, backends, other, verdicts, late, icmp, ringBytes, generic, software);
    }

    /** The same on maps whose clocks other programs may have left so late: only what is later than by this one's step counts. */
    public Tuning withLate(int ticks) {
        return new Tuning(hz, timeouts, affinity, seed, backends, connections, verdicts, ticks, icmp, ringBytes, generic, software);
    }

    /** The same with all connections expiring after so many ticks. */
    public Tuning withTimeout(int ticks) {
        return new Tuning(
                hz, timeouts.stream().map(any -> ticks).toList(), affinity, seed, backends, connections, verdicts);
    }

    /** The same with other ICMP messages of its own. */
    public Tuning withIcmp(IcmpSettings other) {
        return new Tuning(hz, timeouts, affinity, seed, backends, connections, verdicts, late, other, ringBytes, generic, software);
    }

    /** The same for interfaces of which one is, or none, of software alone. */
    public Tuning withSoftware(boolean one) {
        return new Tuning(hz, timeouts, affinity, seed, backends, connections, verdicts, late, icmp, ringBytes, generic, one);
    }

    /** The same for interfaces of which one may run in generic mode. */
    public Tuning withGeneric(boolean may) {
        return new Tuning(hz, timeouts, affinity, seed, backends, connections, verdicts, late, icmp, ringBytes, may, software);
    }

    /**
     * For how many ticks the packets of an assured connection in its longest states write nothing. A sixteenth of the shortest
     * timeout of these, so that none lives much longer for it; and of a client's affinity, which is written down with them.
     */
    public int step() {
        return step(timeouts, affinity);
    }

    private static int step(List<Integer> timeouts, int affinity) {
        int shortest = Math.min(affinity, Math.min(timeouts.get(ESTABLISHED), timeouts.get(DATAGRAM)));
        return Math.max(1, Math.min(LARGEST_STEP, shortest / STEPS));
    }

    /** When the program takes a connection for expired, ticks by state: longer by what its clock may be late. */
    public List<Integer> expiry() {
        List<Integer> expiry = new ArrayList<>(timeouts);
        for (int state : List.of(ESTABLISHED, DATAGRAM)) {
            expiry.set(state, timeouts.get(state) + late - 1);
        }
        return expiry;
    }

    /**
     * The same for a client's affinity, which its connections refresh. By this program's step: what another one left late, the
     * next packet of any connection of the client puts right.
     */
    public int affinityExpiry() {
        return affinity + step() - 1;
    }

    /** A tick is two to the power of this jiffies: the nearest to a second. */
    public static int tickShift(int hz) {
        return (int) Math.round(Math.log(hz) / Math.log(2));
    }

    /** As the kernel wants the size of a ring. */
    private static int wholePages(int bytes) {
        int pages = (bytes - 1) / Kernel.pageBytes() + 1;
        return Kernel.pageBytes() * (pages == 1 ? 1 : Integer.highestOneBit(pages - 1) << 1);
    }

    private static int seconds(int seconds, int hz) {
        return ticks(Duration.ofSeconds(seconds), hz);
    }

    /** Rounded up, so that nothing expires early. */
    public static int ticks(Duration duration, int hz) {
        long jiffiesTimes1000 = duration.toMillis() * hz;
        long tick = 1000L << tickShift(hz);
        return (int) Math.max(1, (jiffiesTimes1000 + tick - 1) / tick);
    }
}
