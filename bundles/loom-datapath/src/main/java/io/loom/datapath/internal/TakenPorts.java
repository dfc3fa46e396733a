package io.loom.datapath.internal;

import io.loom.api.Protocol;
import io.loom.control.dataplane.Guard;
import io.loom.control.dataplane.ListenerKey;
import io.loom.control.dataplane.ListenerSpec;
import io.loom.datapath.MethodMaps;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.UpdateMode;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The ports that a method such as nat must not give to connections, because somebody has them at an address of this host: servers, Loom's own
 * among them, vips at an address that connections leave from, and ports that pass to the local stack. Told to the maps of methods that
 * ask for it ({@link MethodMaps#hearsOfPorts}). Thread-safe.
 */
final class TakenPorts {
    /** Tables of sockets can be long. */
    private static final long SOCKETS_NANOS = 3_000_000_000L;

    private final Supplier<Map<String, BpfMap>> maps;
    private final Path sockets;
    private final Readings readings;
    private BitSet ofSockets = new BitSet();
    private Set<InetAddress> own = Set.of();
    /** Of listeners that are being put. */
    private final BitSet coming = new BitSet();
    private long read;
    private boolean everRead;
    /** What the maps have been told last; null: they may know something else. */
    private Seen told;

    /**
     * @param maps    by name, those that the program has now
     * @param sockets {@code /proc/net}
     */
    TakenPorts(Supplier<Map<String, BpfMap>> maps, Path sockets, Readings readings) {
        this.maps = maps;
        this.sockets = sockets;
        this.readings = readings;
    }

    /** What ports are taken by, and in whose maps they are. */
    private record Seen(BitSet ofSockets, Set<InetAddress> own, Map<ListenerKey, ListenerSpec> listeners, List<BpfMap> maps) {
        boolean isSame(Seen other) {
            return other != null && listeners == other.listeners && ofSockets.equals(other.ofSockets) && own.equals(other.own)
                    && maps.equals(other.maps);
        }
    }

    /**
     * Writes down what has changed. What it looks at is asked for here, so that whoever looks last has seen the latest.
     *
     * @param listeners gives the same object as long as there are the same
     * @param sources addresses that connections to backends leave from
     * @param nanos   of a clock that only goes on
     */
    synchronized void look(
            Supplier<Map<ListenerKey, ListenerSpec>> listeners, Supplier<Collection<InetAddress>> sources, long nanos) {
        if (!everRead || nanos - read >= SOCKETS_NANOS) {
            everRead = true;
            read = nanos;
            readings.take(sockets.resolve("tcp"), "connections through nat may leave from ports that servers of this host have",
                    () -> HostSockets.read(sockets, EnumSet.of(Protocol.TCP, Protocol.UDP)).atHome()).ifPresent(ports -> ofSockets = ports);
        }
        own = Set.copyOf(sources.get());
        Seen now = new Seen(ofSockets, own, listeners.get(), listening());
        if (!now.isSame(told)) {
            told = null;
            BitSet taken = taken(now);
            now.maps().forEach(map -> write(map, taken));
            told = coming.isEmpty() ? now : null;
        }
    }

    private BitSet taken(Seen now) {
        BitSet taken = (BitSet) now.ofSockets().clone();
        taken.or(coming);
        now.listeners().forEach((listener, spec) -> {
            if (takes(listener, spec)) {
                taken.set(listener.endpoint().port());
            }
        });
        return taken;
    }

    /**
     * The listener is about to be put. A connection may have its port, and its replies are told from packets to the listener only where the port is
     * taken; so it is until {@link #arrived}, whoever looks.
     */
    synchronized void comes(ListenerKey listener, ListenerSpec spec) {
        if (takes(listener, spec)) {
            int port = listener.endpoint().port();
            coming.set(port);
            told = null;
            int at = port / Long.SIZE;
            listening().forEach(map -> map.lookup(Keys.of(at)).ifPresent(
                    present -> write(map, at, word(present) | 1L << port % Long.SIZE)));
        }
    }

    /** Whatever was about to be put has been, or has failed: a look finds it. */
    synchronized void arrived() {
        coming.clear();
    }

    private boolean takes(ListenerKey listener, ListenerSpec spec) {
        return spec.guard().equals(Guard.PASS) || own.contains(listener.endpoint().address());
    }

    private List<BpfMap> listening() {
        return maps.get().entrySet().stream()
                .filter(map -> MethodMaps.hearsOfPorts(map.getKey(), map.getValue().type())).map(Map.Entry::getValue).toList();
    }

    /** What is there already stays untouched: a map that came with a new program is empty. */
    private static void write(BpfMap map, BitSet taken) {
        BitSet present = new BitSet();
        map.forEach((key, value) -> {
            BitSet.valueOf(value).stream().forEach(bit -> present.set(Keys.number(key) * Long.SIZE + bit));
        });
        present.xor(taken);
        long[] words = taken.toLongArray();
        present.stream().map(port -> port / Long.SIZE).distinct().forEach(at -> {
            write(map, at, at < words.length ? words[at] : 0);
        });
    }

    private static void write(BpfMap map, int at, long word) {
        map.update(Keys.of(at), ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(word).array(), UpdateMode.ANY);
    }

    private static long word(byte[] value) {
        return ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).getLong();
    }
}
