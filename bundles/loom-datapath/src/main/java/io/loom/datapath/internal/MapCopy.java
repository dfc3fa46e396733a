package io.loom.datapath.internal;

import io.loom.api.Family;
import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.datapath.Composition;
import io.loom.datapath.MethodMaps;
import io.loom.datapath.SlottedMethod;
import io.loom.datapath.Tuning;
import io.loom.datapath.internal.layout.ConnectionKeys;
import io.loom.datapath.internal.layout.ConnectionWord;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.Btf;
import io.loom.libbpf.ElfObject;
import io.loom.libbpf.MapFill;
import io.loom.libbpf.MapType;
import io.loom.libbpf.UpdateMode;
import java.util.List;

/**
 * The content of a map in one of another size or type. Twice: all of it while the program in force works with the former one, and then,
 * as the next program works with the new one already, what was written in between; what that has written since stays.
 */
final class MapCopy {
    private final Composition composition;
    private final long seed;
    private final int[] timeouts = new int[8];
    private long kept;
    private long dropped;

    /**
     * @param composition whose methods know how their pairs look
     * @param seed        of the tables' hashes
     * @param expiry      ticks, by state
     */
    MapCopy(Composition composition, long seed, List<Integer> expiry) {
        this.composition = composition;
        this.seed = seed;
        for (int state = 0; state < expiry.size(); state++) {
            timeouts[state] = expiry.get(state);
        }
    }

    /** Connections that are in the new tables. */
    long kept() {
        return kept;
    }

    /** Those that found no room there, or made room for others. */
    long dropped() {
        return dropped;
    }

    void all(BpfMap former, BpfMap next, int now) {
        String name = former.name();
        if (isConnections(name)) {
            connections(former, next, now, Integer.MAX_VALUE);
        } else if (MethodMaps.pairs(name, former.type())) {
            pairs(former, next, now, Integer.MAX_VALUE);
        } else if (MethodMaps.ages(name, former.type())) {
            aging(former, next, now);
        } else if (former.type() != MapType.RINGBUF) {
            entries(former, next);
        }
    }

    /** @param within ticks in which it was written. Of counters nothing: they lack what was counted meanwhile, in milliseconds */
    void since(BpfMap former, BpfMap next, int now, int within) {
        String name = former.name();
        if (isConnections(name)) {
            connections(former, next, now, within);
        } else if (MethodMaps.pairs(name, former.type())) {
            pairs(former, next, now, within);
        } else if (MethodMaps.ages(name, former.type())) {
            former.forEach((key, value) -> {
                if (matters(ConnectionWord.head(value), now, within) && isNews(next, key, ConnectionWord.head(value), now)) {
                    next.update(key, value, UpdateMode.ANY);
                }
            });
        }
    }

    private static boolean isConnections(String name) {
        return name.startsWith("loom_conns");
    }

    private boolean matters(long word, int now, int within) {
        return word != 0 && !ConnectionWord.expired(word, now, timeouts) && ConnectionWord.idle(word, now) <= within;
    }

    private static boolean isNews(BpfMap next, byte[] key, long word, int now) {
        long present = next.lookup(key).map(ConnectionWord::head).orElse(0L);
        return present == 0 || ConnectionWord.idle(word, now) < ConnectionWord.idle(present, now);
    }

    private void connections(BpfMap former, BpfMap next, int now, int within) {
        Family family = former.name().endsWith("4") ? Family.IPV4 : Family.IPV6;
        boolean used = within != Integer.MAX_VALUE;
        boolean looks = used && next.type() != MapType.ARRAY;
        long[] count = {0};
        ConnectionFill fill = new ConnectionFill(family, next, seed, now, used);
        try (fill) {
            new ConnectionTable(family, former).walk((listener, client, rawPort, word) -> {
                if (matters(word, now, within)
                        && !(looks && !isNews(next, ConnectionKeys.of(family, client, rawPort, listener), word, now))) {
                    fill.put(listener, client, rawPort, word);
                    count[0]++;
                }
                return word;
            });
        }
        kept += used ? 0 : count[0] - fill.dropped();
        // The second copy meets those again that the first had no room for.
        dropped += used && dropped > 0 ? 0 : fill.dropped();
    }

    private void pairs(BpfMap former, BpfMap next, int now, int within) {
        Btf.Struct pair = struct(former.name().replaceAll("s([46])$", "$1"));
        PairPlaces places = new PairPlaces(pair, seed, next.maxEntries() / Tuning.Connections.GROUP);
        try (MapFill fill = next.fill()) {
            former.forEach((key, value) -> {
                long word = ConnectionWord.head(value);
                if (matters(word, now, within)) {
                    byte[] place = Keys.of(places.of(value));
                    if (within == Integer.MAX_VALUE || isNews(next, place, word, now)) {
                        fill.put(place, value);
                    }
                }
            });
        }
    }

    private Btf.Struct struct(String name) {
        return composition.methods().values().stream().map(SlottedMethod::object).map(ElfObject::parse)
                .flatMap(object -> object.btf().struct(name).stream()).findFirst()
                .orElseThrow(() -> new LoomException(Problem.of("LOOM-1299", "the pairs of a forwarding method cannot be copied",
                        "its object has no struct " + name, "run loomd --detach and start anew (connections are lost)")));
    }

    private void aging(BpfMap former, BpfMap next, int now) {
        MapFill fill = next.fill();
        try (fill) {
            former.forEach((key, value) -> {
                if (matters(ConnectionWord.head(value), now, Integer.MAX_VALUE)) {
                    fill.put(key, value);
                }
            });
        }
        dropped += fill.refused();
    }

    private static void entries(BpfMap former, BpfMap next) {
        boolean array = former.type() == MapType.ARRAY || former.type() == MapType.PERCPU_ARRAY;
        try (MapFill fill = next.fill()) {
            former.forEach((key, value) -> {
                boolean fits = !array || Keys.number(key) < next.maxEntries();
                if (fits && !isZero(value)) {
                    fill.put(key, value);
                }
            });
        }
    }

    private static boolean isZero(byte[] value) {
        for (byte part : value) {
            if (part != 0) {
                return false;
            }
        }
        return true;
    }
}
