package io.loom.datapath;

import io.loom.api.config.Conntrack;
import io.loom.api.config.MapSettings;
import io.loom.libbpf.MapType;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * What is set in a program before it is loaded.
 *
 * @param hz          jiffies a second
 * @param timeouts    jiffies until a connection expires, by enum loom_conn_state
 * @param backends    numbered backends
 * @param connections tracked connections of each family, and entries of each hash map of a method
 * @param verdicts    verdict counters
 */
public record Tuning(int hz, List<Integer> timeouts, Size backends, Size connections, Size verdicts) {

    public record Size(int maxEntries, MapType type) {
        static Size of(MapSettings.Setting setting) {
            return new Size(setting.maxEntries(), MapType.valueOf(
                    setting.type().equals("cache") ? "LRU_HASH" : setting.type().toUpperCase(Locale.ROOT)));
        }
    }

    public Tuning {
        timeouts = List.copyOf(timeouts);
    }

    public static Tuning of(Conntrack conntrack, MapSettings maps, int hz) {
        List<Integer> timeouts = List.of(
                jiffies(conntrack.synSent(), hz), jiffies(conntrack.established(), hz), jiffies(conntrack.finWait(), hz),
                jiffies(conntrack.timeWait(), hz), jiffies(conntrack.synReceived(), hz));
        return new Tuning(
                hz, timeouts, Size.of(maps.backends()), Size.of(maps.connections()), Size.of(maps.stats()));
    }

    /** Small maps and the default timeouts: for self tests and packet tables. */
    public static Tuning small(int hz) {
        return new Tuning(
                hz, List.of(30 * hz, 300 * hz, 60 * hz, 120 * hz, 30 * hz),
                new Size(64, MapType.ARRAY), new Size(1024, MapType.LRU_HASH), new Size(256, MapType.PERCPU_ARRAY));
    }

    /** The same with another size of the connection tables. */
    public Tuning withConnections(int maxEntries) {
        return new Tuning(hz, timeouts, backends, new Size(maxEntries, connections.type()), verdicts);
    }

    /** The program compares 32-bit differences, so a timeout is capped at half their range. */
    private static int jiffies(Duration duration, int hz) {
        return (int) Math.min(Integer.MAX_VALUE, duration.toMillis() * hz / 1000);
    }
}
