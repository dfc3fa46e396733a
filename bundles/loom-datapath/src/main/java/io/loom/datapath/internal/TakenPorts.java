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
    private long read;
    private boolean everRead;

    /**
     * @param maps    by name, those that the program has now
     * @param sockets {@code /proc/net}
     */
    TakenPorts(Supplier<Map<String, BpfMap>> maps, Path sockets, Readings readings) {
        this.maps = maps;
        this.sockets = sockets;
        this.readings = readings;
    }

    /**
     * Writes down what has changed.
     *
     * @param sources addresses that connections to backends leave from
     * @param nanos   of a clock that only goes on
     */
    synchronized void look(Map<ListenerKey, ListenerSpec> listeners, Collection<InetAddress> sources, long nanos) {
        if (!everRead || nanos - read >= SOCKETS_NANOS) {
            everRead = true;
            read = nanos;
            readings.take(sockets.resolve("tcp"), "connections through nat may leave from ports that servers of this host have",
                    () -> HostSockets.read(sockets, EnumSet.of(Protocol.TCP, Protocol.UDP)).atHome()).ifPresent(ports -> ofSockets = ports);
        }
        BitSet taken = (BitSet) ofSockets.clone();
        Set<InetAddress> own = Set.copyOf(sources);
        listeners.forEach((listener, spec) -> {
            if (spec.guard().equals(Guard.PASS) || own.contains(listener.endpoint().address())) {
                taken.set(listener.endpoint().port());
            }
        });
        maps.get().forEach((name, map) -> {
            if (MethodMaps.hearsOfPorts(name, map.type())) {
                write(map, taken);
            }
        });
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
            long word = at < words.length ? words[at] : 0;
            map.update(Keys.of(at), ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(word).array(), UpdateMode.ANY);
        });
    }
}
