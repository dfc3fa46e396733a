package io.loom.datapath.internal;

import io.loom.datapath.MethodMaps;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.UpdateMode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells forwarding methods that remember the way to a client when it may have changed: in which tick a neighbour got another
 * MAC address, or an interface another number. Thread-safe.
 */
final class Moves {
    private static final Logger LOG = LoggerFactory.getLogger(Moves.class);

    private final Supplier<Map<String, BpfMap>> maps;
    private final IntSupplier clock;
    private Set<Integer> devices;
    private boolean stacked;

    /**
     * @param maps    by name, those that the program has now
     * @param clock   the tick that it is
     * @param devices numbers of the interfaces where the program is attached
     */
    Moves(Supplier<Map<String, BpfMap>> maps, IntSupplier clock, Set<Integer> devices) {
        this.maps = maps;
        this.clock = clock;
        this.devices = Set.copyOf(devices);
    }

    synchronized void neighbour() {
        LOG.debug("a neighbour has moved");
        tell(0);
        if (stacked) {
            tell(Integer.BYTES); // a client that came in on a card of a bond is found on the bond
        }
    }

    /** Without effect if these are the same as before. @param carried devices whose frames others carry */
    synchronized void devices(Set<Integer> attached, Set<Integer> carried) {
        Set<Integer> now = new HashSet<>(attached);
        now.addAll(carried);
        stacked = !carried.isEmpty();
        if (!devices.equals(now)) {
            devices = Set.copyOf(now);
            tell(Integer.BYTES);
        }
    }

    /** @param at which of the two ticks */
    private void tell(int at) {
        int tick = clock.getAsInt();
        for (Map.Entry<String, BpfMap> map : maps.get().entrySet()) {
            if (MethodMaps.hearsOfMoves(map.getKey(), map.getValue().type())) {
                byte[] value = map.getValue().lookup(Keys.of(0)).orElseThrow();
                ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).putInt(at, tick);
                map.getValue().update(Keys.of(0), value, UpdateMode.ANY);
            }
        }
    }
}
