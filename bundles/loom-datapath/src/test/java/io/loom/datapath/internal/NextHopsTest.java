package io.loom.datapath.internal;

import static io.loom.datapath.internal.TestHost.address;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.datapath.internal.HopLookup.Answer;
import io.loom.datapath.internal.layout.FibLookup;
import io.loom.datapath.internal.layout.NextHop;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Which addresses are asked for, and what becomes of the answers. The first byte but one of an address is the router that leads to it. */
class NextHopsTest {
    private static final InetAddress SOURCE = address("10.0.0.1");
    private static final Answer LOST = Answer.unknown(FibLookup.Result.NO_NEIGHBOUR, "lost");
    private static final Answer NO_ROUTE = Answer.unknown(FibLookup.Result.NOT_FORWARDED, "no route");

    private final List<InetAddress> asked = new ArrayList<>();
    private final List<InetAddress> provoked = new ArrayList<>();
    /** Other answers than usual, by address. */
    private final Map<InetAddress, Answer> others = new HashMap<>();
    private final Set<InetAddress> wanted = IntStream.range(0, 300).mapToObj(i -> address("10.9." + i % 3 + "." + i / 3)).collect(Collectors.toSet());
    private final NextHops hops = new NextHops(new NextHops.Lookup() {
        @Override
        public Answer ask(InetAddress destination, Set<InetAddress> vips, Optional<InetAddress> before) {
            asked.add(destination);
            return others.getOrDefault(destination, answer(destination, 1500));
        }

        @Override
        public void provoke(InetAddress destination) {
            provoked.add(destination);
        }
    }, hop -> hop, Set::of, Map.of());

    private static Answer answer(InetAddress destination, int mtu) {
        byte[] router = {2, 0, 0, 0, 0, destination.getAddress()[2]};
        return new Answer(Optional.of(new NextHop(SOURCE, 7, mtu, router, new byte[6])), FibLookup.Result.SUCCESS, "");
    }

    /** How many were asked for in a round. */
    private int round() {
        asked.clear();
        hops.refresh();
        return new HashSet<>(asked).size();
    }

    private void known() {
        assertTrue(want(wanted, true));
        assertFalse(hops.allKnown());
        assertEquals(300, hops.refresh().size());
        assertFalse(want(wanted, true));
        assertTrue(hops.allKnown());
    }

    private boolean want(Set<InetAddress> addresses, boolean wanted) {
        return hops.want(addresses.stream().collect(Collectors.toMap(address -> address, address -> wanted)));
    }

    @Test
    void eachSecondOneOfEachWayIsAskedForAndTheOthersInTurn() {
        known();
        Set<InetAddress> all = new HashSet<>();
        for (int i = 0; i < HopTurns.ROUNDS; i++) {
            assertTrue(round() <= 33, "three ways, and a tenth");
            assertEquals(Set.of((byte) 0, (byte) 1, (byte) 2), asked.stream().map(address -> address.getAddress()[2]).collect(Collectors.toSet()));
            all.addAll(asked);
        }
        assertEquals(wanted, all);
        assertEquals(Set.of(7), hops.interfaces());
    }

    @Test
    void eachNeighbourIsLookedForNowAndThen() {
        known();
        for (int i = 0; i < 3 * HopTurns.ROUNDS; i++) {
            round();
        }
        assertEquals(wanted, new HashSet<>(provoked));
        assertEquals(300, provoked.size());
    }

    /** The same for one as for many, however often the kernel has news. */
    @Test
    void aSingleNeighbourIsLookedForAsSeldom() {
        InetAddress one = address("10.9.0.1");
        want(Set.of(one), true);
        hops.refresh();
        for (int i = 0; i < 2 * 3 * HopTurns.ROUNDS; i++) {
            hops.doubt();
            assertEquals(1, round());
        }
        assertEquals(List.of(one, one), provoked);
    }

    @Test
    void whoIsWantedNoMoreIsNotLookedFor() {
        known();
        for (int i = 0; i < 2 * HopTurns.ROUNDS + 1; i++) {
            round();
        }
        provoked.clear();
        InetAddress left = address("10.9.0.1");
        wanted.remove(left);
        want(wanted, false);
        for (int i = 0; i < HopTurns.ROUNDS; i++) {
            round();
        }
        assertTrue(Set.of(left).containsAll(provoked), provoked::toString);
    }

    @Test
    void newsOfTheKernelHaveAllOfThemAskedForOnce() {
        known();
        hops.doubt();
        assertEquals(300, round());
        assertTrue(round() <= 33);
    }

    @Test
    void aRouterThatIsLostIsLostToAllBehindItWithinTheSameSeconds() {
        known();
        wanted.stream().filter(address -> address.getAddress()[2] == 1).forEach(address -> others.put(address, LOST));
        assertEquals(300, round());
        assertTrue(hops.reason(address("10.9.1.5")).isEmpty(), "neighbours come and go");
        round();
        Map<InetAddress, Optional<NextHop>> changed = hops.refresh();
        assertEquals(others.keySet(), changed.keySet());
        assertTrue(changed.values().stream().allMatch(Optional::isEmpty));
        assertEquals(Optional.of("lost"), hops.reason(address("10.9.1.5")));
        assertTrue(round() >= 100, "those that are missing are asked for each second");
        others.clear();
        assertEquals(100, hops.refresh().size());
    }

    @Test
    void whatConcernsOneAddressAloneIsFoundInItsTurn() {
        known();
        InetAddress one = address("10.9.2.77");
        others.put(one, answer(one, 1400));
        int rounds = 1;
        while (hops.refresh().isEmpty() && rounds <= HopTurns.ROUNDS + 1) {
            rounds++;
        }
        assertTrue(rounds <= HopTurns.ROUNDS + 1, rounds + " rounds");
        assertEquals(1400, hops.answers().get(one).orElseThrow().mtu());
    }

    @Test
    void newOnesComeFirstAndThoseWithoutARouteAreAskedForEachSecond() {
        known();
        InetAddress fresh = address("10.9.0.200");
        others.put(fresh, NO_ROUTE);
        assertTrue(want(Set.of(fresh), true));
        assertFalse(hops.allKnown());
        assertEquals(1, round());
        assertFalse(hops.allKnown());
        round();
        assertTrue(asked.contains(fresh));
        others.clear();
        assertEquals(Set.of(fresh), hops.refresh().keySet());
        assertTrue(hops.allKnown());
    }

    @Test
    void oneThatIsWantedNoMoreIsForgotten() {
        known();
        int before = hops.changes();
        wanted.remove(address("10.9.0.1"));
        assertFalse(want(wanted, false));
        round();
        assertEquals(Set.of(address("10.9.0.1")), hops.answers().keySet());
        assertEquals(Set.of(address("10.9.0.1")), new HashSet<>(asked));
        assertTrue(hops.changes() > before);
        assertTrue(hops.allKnown());
    }
}
