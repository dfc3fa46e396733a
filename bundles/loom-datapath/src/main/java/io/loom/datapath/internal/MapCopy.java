package io.loom.datapath.internal;

import io.loom.api.Family;
import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.api.Protocol;
import io.loom.datapath.Composition;
import io.loom.datapath.MethodMaps;
import io.loom.datapath.SlottedMethod;
import io.loom.datapath.Tuning;
import io.loom.datapath.internal.layout.BackendEntry;
import io.loom.datapath.internal.layout.ConnectionKeys;
import io.loom.datapath.internal.layout.ConnectionWord;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.Btf;
import io.loom.libbpf.ElfObject;
import io.loom.libbpf.MapFill;
import io.loom.libbpf.MapType;
import io.loom.libbpf.UpdateMode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;

/**
 * The content of a map in one of another size or type. Twice: all of it while the program in force works with the former one, and then,
 * as the next program works with the new one already, what was written in between; what that has written since stays.
 */
final class MapCopy {
    private static final int ADDRESS_BYTES = 16;
    /** To find a pair by its connection takes as long as to read so many places of the table. */
    private static final int FEW = 16;

    private final Composition composition;
    private final long seed;
    private final int[] timeouts = new int[8];
    private final Function<String, BpfMap> maps;
    private final Map<String, byte[]> sources;
    /** Connections whose method has a cookie, by family; known once the connection tables are copied, which come first. */
    private final long[] translated = new long[Family.values().length];
    /** Of the last copy of what was written meanwhile, until the pairs have been copied: to look at each connection again takes as long as the rest. */
    private final Map<Family, List<Changed>> changed = new EnumMap<>(Family.class);
    private long kept;
    private long dropped;

    /**
     * @param composition whose methods know how their pairs look
     * @param seed        of the tables' hashes
     * @param expiry      ticks, by state
     * @param maps        those in force, by name
     * @param sources     constants of methods with the addresses that cookies name, by name
     */
    MapCopy(Composition composition, long seed, List<Integer> expiry, Function<String, BpfMap> maps, Map<String, byte[]> sources) {
        this.maps = maps;
        this.sources = Map.copyOf(sources);
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
            pairs(former, next, now);
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
            pairsSince(former, next, now, within);
        } else if (MethodMaps.ages(name, former.type())) {
            former.forEach(word -> matters(word, now, within), (key, value) -> {
                if (isNews(next, key, ConnectionWord.head(value), now)) {
                    next.update(key, value, UpdateMode.ANY);
                }
            });
        }
    }

    private static boolean isConnections(String name) {
        return name.startsWith("loom_conns");
    }

    private boolean matters(long word, int now, int within) {
        return word != 0 && !ConnectionWord.over(word, now, timeouts) && ConnectionWord.idle(word, now) <= within;
    }

    private static boolean isNews(BpfMap next, byte[] key, long word, int now) {
        long present = next.lookup(key).map(ConnectionWord::head).orElse(0L);
        return present == 0 || ConnectionWord.idle(word, now) < ConnectionWord.idle(present, now);
    }

    private void connections(BpfMap former, BpfMap next, int now, int within) {
        Family family = family(former);
        boolean used = within != Integer.MAX_VALUE;
        boolean looks = used && next.type() != MapType.ARRAY;
        long[] count = {0};
        ConnectionFill fill = new ConnectionFill(family, next, seed, now, used);
        try (fill) {
            List<Changed> recent = new ArrayList<>();
            new ConnectionTable(family, former).walk((listener, client, rawPort, word) -> {
                boolean matters = matters(word, now, within);
                if (used && matters && ConnectionWord.cookie(word) != 0) {
                    recent.add(new Changed(listener, client.clone(), rawPort, word));
                }
                if (matters && !(looks && !isNews(next, ConnectionKeys.of(family, client, rawPort, listener), word, now))) {
                    fill.put(listener, client, rawPort, word);
                    count[0]++;
                    translated[family.ordinal()] += ConnectionWord.cookie(word) != 0 ? 1 : 0;
                }
                return word;
            });
            if (used) {
                changed.put(family, recent);
            }
        }
        kept += used ? 0 : count[0] - fill.dropped();
        // The second copy meets those again that the first had no room for.
        dropped += used && dropped > 0 ? 0 : fill.dropped();
    }

    /** Seldom all of it is worth reading: what has no cookie has no pair, and a few are found by their connections. */
    private void pairs(BpfMap former, BpfMap next, int now) {
        if (translated[family(former).ordinal()] < former.maxEntries() / FEW) {
            pairsSince(former, next, now, Integer.MAX_VALUE);
            return;
        }
        PairPlaces places = places(former, next);
        try (MapFill fill = next.fill()) {
            former.forEach(word -> matters(word, now, Integer.MAX_VALUE), (key, value) -> fill.put(Keys.of(places.of(value)), value));
        }
    }

    private record Changed(int listener, int[] client, int rawPort, long word) {}

    /** By the connections that were written: the pairs are too many to be read while the next program waits for them. */
    private void pairsSince(BpfMap former, BpfMap next, int now, int within) {
        List<Changed> written = changed.remove(family(former));
        if (written == null) {
            written = written(family(former), now, within);
        }
        PairPlaces before = places(former, former);
        PairPlaces after = places(former, next);
        for (Changed one : written) {
            for (Protocol protocol : Protocol.values()) {
                OptionalInt place = place(before, former.name(), one, protocol);
                if (place.isPresent()) {
                    former.lookup(Keys.of(place.getAsInt()))
                            .filter(value -> before.isOf(value, one.listener(), one.client(), one.rawPort()))
                            .filter(value -> isNews(next, Keys.of(after.of(value)), ConnectionWord.head(value), now))
                            .ifPresent(value -> next.update(Keys.of(after.of(value)), value, UpdateMode.ANY));
                }
            }
        }
    }

    /** Connections with a pair, where their own table has not just been copied. */
    private List<Changed> written(Family family, int now, int within) {
        List<Changed> found = new ArrayList<>();
        new ConnectionTable(family, maps.apply("loom_conns" + family.version())).walk((listener, client, rawPort, word) -> {
            if (matters(word, now, within) && ConnectionWord.cookie(word) != 0) {
                found.add(new Changed(listener, client.clone(), rawPort, word));
            }
            return word;
        });
        return found;
    }

    /** Of the pair that the connection's cookie names: 16 bits of port below the index of a source address (forward/nat/source.h). */
    private OptionalInt place(PairPlaces places, String map, Changed one, Protocol protocol) {
        ConnectionWord word = ConnectionWord.decode(one.word());
        Optional<byte[]> backend = maps.apply("loom_backends").lookup(Keys.of(word.backend()));
        int index = word.cookie() >>> 16;
        byte[] named = sources.get(map.replaceAll("_pairs([46])$", "_sources$1"));
        if (backend.isEmpty() || index != 0 && (named == null || named.length < (index + 1) * ADDRESS_BYTES)) {
            return OptionalInt.empty();
        }
        ByteBuffer entry = ByteBuffer.wrap(backend.get()).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer source = index == 0 ? entry : ByteBuffer.wrap(named).order(ByteOrder.LITTLE_ENDIAN);
        return OptionalInt.of(places.of(entry, 0, source, index == 0 ? BackendEntry.SOURCE_AT : index * ADDRESS_BYTES,
                Short.toUnsignedInt(entry.getShort(BackendEntry.PORT_AT)), protocol.number(), word.cookie() & 0xffff));
    }

    private PairPlaces places(BpfMap former, BpfMap table) {
        return new PairPlaces(struct(former.name().replaceAll("s([46])$", "$1")), seed, table.maxEntries() / Tuning.Connections.GROUP);
    }

    private static Family family(BpfMap map) {
        return map.name().endsWith("4") ? Family.IPV4 : Family.IPV6;
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
            former.forEach(word -> matters(word, now, Integer.MAX_VALUE), fill::put);
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
