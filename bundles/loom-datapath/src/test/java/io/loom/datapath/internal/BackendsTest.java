package io.loom.datapath.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.loom.api.IpAddress;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.Change;
import io.loom.datapath.internal.layout.BackendEntry;
import io.loom.datapath.internal.layout.LimitEntry;
import io.loom.datapath.internal.layout.MemberEntry;
import io.loom.datapath.internal.layout.NextHop;
import io.loom.datapath.internal.layout.VlanTags;
import io.loom.libbpf.BpfException;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.MapType;
import io.loom.libbpf.UpdateMode;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Of maps that no program reads. */
class BackendsTest {
    private static final int BPF_F_MMAPABLE = 1 << 10;
    private static final int STEPS = 3_000;
    private static final List<String> METHODS = List.of("nat", "ipip");

    private final BpfMap entries = mapped(BackendEntry.none().length);
    private final BpfMap members = mapped(new MemberEntry(0, 0).encode().length);
    private final BpfMap limits = mapped(LimitEntry.SIZE);
    private final Backends backends = opened();
    private final Map<InetAddress, Optional<NextHop>> hops = new HashMap<>();
    private final Random random = new Random(20261201);

    private static BpfMap mapped(int size) {
        return BpfMap.create(MapType.ARRAY, "t_backends", Integer.BYTES, size, 100, BPF_F_MMAPABLE);
    }

    private Backends opened() {
        return new Backends(entries, members, number -> {}, new LimitTable(limits, () -> 0));
    }

    @AfterEach
    void close() {
        backends.close();
        Stream.of(entries, members, limits).forEach(BpfMap::close);
    }

    private void put(BackendKey backend, int limit) {
        backends.put(backend, METHODS.indexOf(backend.method()), true,
                new Change.PutBackend(backend, random.nextInt(3) == 0, random.nextInt(3) == 0, limit), hops);
    }

    /** What is seen is kept, and told anew of those alone that have changed. */
    @Test
    void whatIsSeenIsWhatAnotherProcessWouldFind() {
        for (int step = 0; step < STEPS; step++) {
            BackendKey backend = new BackendKey(
                    "pool" + random.nextInt(2), TestHost.endpoint("10.0.0." + random.nextInt(5), 80), METHODS.get(random.nextInt(2)));
            switch (random.nextInt(6)) {
                case 0, 1, 2 -> put(backend, random.nextBoolean() ? 0 : 1 + random.nextInt(3));
                case 3 -> backends.remove(backend);
                case 4 -> hopChanges(backend.endpoint().address());
                default -> backends.swept(backends.restingNumbers(), random.nextBoolean() ? Set.of() : backends.restingNumbers());
            }
            compare();
        }
    }

    private void hopChanges(InetAddress address) {
        InetAddress source = IpAddress.parse("10.1.0." + random.nextInt(3)).orElseThrow();
        NextHop hop = new NextHop(source, 1 + random.nextInt(2), 1500, new byte[6], new byte[6], VlanTags.NONE);
        hops.put(address, Optional.of(hop).filter(known -> random.nextInt(4) > 0));
        backends.hopsChanged(Map.of(address, hops.get(address)));
    }

    private void compare() {
        Backends other = opened();
        other.adopt(METHODS::get, Set.of());
        assertEquals(other.seen(), backends.seen());
        assertEquals(other.ownAddresses(), backends.ownAddresses());
        assertEquals(other.sources(), backends.sources());
        assertEquals(other.limitedAddresses(), backends.limitedAddresses());
        other.seen().keys().forEach(backend -> assertEquals(other.number(backend), backends.number(backend)));
        other.close();
    }

    /** As a hash that has no memory does. */
    @Test
    void oneThatTheKernelRefusesTakesNoNumberWithEachAttempt() {
        try (BpfMap hash = BpfMap.create(MapType.HASH, "t_backends", Integer.BYTES, BackendEntry.none().length, 3, 0);
                BpfMap ofLimits = mapped(LimitEntry.SIZE)) {
            List.of(7, 8, 9).forEach(number -> hash.update(Keys.of(number), BackendEntry.none(), UpdateMode.ANY));
            Backends full = new Backends(hash, members, number -> {}, new LimitTable(ofLimits, () -> 0));
            BackendKey backend = new BackendKey("a", TestHost.endpoint("10.0.0.1", 80), "nat");
            Change.PutBackend put = new Change.PutBackend(backend, false, false, 0);
            for (int i = 0; i < 5; i++) {
                assertThrows(BpfException.class, () -> full.put(backend, 0, true, put, hops));
            }
            hash.delete(Keys.of(7));
            full.put(backend, 0, true, put, hops);
            assertEquals(Optional.of(1), full.number(backend));
            assertEquals(Set.of(backend), full.seen().keys());
            full.close();
        }
    }

    /** All of an address have one limit. */
    @Test
    void aLimitThatChangesIsThatOfTheOthersOfItsAddress() {
        BackendKey one = new BackendKey("a", TestHost.endpoint("10.0.0.1", 80), "nat");
        BackendKey other = new BackendKey("b", one.endpoint(), "nat");
        put(one, 5);
        put(other, 5);
        assertEquals(Map.of(one, 5, other, 5), backends.seen().limited());
        put(one, 7);
        assertEquals(Map.of(one, 7, other, 7), backends.seen().limited());
    }
}
