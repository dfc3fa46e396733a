package io.loom.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EndpointTest {

    private static Endpoint endpoint(String address, int port) {
        return new Endpoint(IpAddress.parse(address).orElseThrow(), port);
    }

    /** Tables depend on this order: two machines must agree on it. */
    @Test
    void endpointsAreOrderedByFamilyThenUnsignedAddressThenPort() {
        List<Endpoint> ordered = List.of(
                endpoint("1.2.3.4", 80), endpoint("1.2.3.4", 65535), endpoint("1.2.3.200", 1), endpoint("1.2.200.0", 1),
                endpoint("1.200.0.0", 1), endpoint("127.255.255.255", 1), endpoint("128.0.0.0", 1),
                endpoint("255.255.255.255", 1), endpoint("::1", 80), endpoint("7fff::", 1), endpoint("8000::", 1),
                endpoint("fd77::1", 1), endpoint("fd77::1", 2));
        List<Endpoint> shuffled = new ArrayList<>(ordered);
        Collections.shuffle(shuffled, new Random(3));
        Collections.sort(shuffled);
        assertEquals(ordered, shuffled);
    }

    @Test
    void anEndpointComparesEqualToItsEqual() {
        assertEquals(0, endpoint("10.0.0.1", 80).compareTo(endpoint("10.0.0.1", 80)));
        assertEquals(0, endpoint("fd77::1", 80).compareTo(endpoint("fd77::1", 80)));
    }

    /** {@link java.util.Set#copyOf} looks for a place from the hash on, one by one: over a grid that must not become a walk over all. */
    @ParameterizedTest
    @CsvSource({"10.200.0.%d, 100, 100, true", "10.200.0.%d, 1, 10000, true", "10.%d.%d.1, 100, 100, false",
            "fd00:0:0:%x::%x, 100, 100, false", "fd00::%x, 100, 100, true"})
    void hashesOfAGridAreSpread(String format, int hosts, int others, boolean otherIsPort) {
        int places = 2 * hosts * others;
        BitSet taken = new BitSet(places);
        long steps = 0;
        for (int host = 1; host <= hosts; host++) {
            for (int other = 1; other <= others; other++) {
                Endpoint endpoint = otherIsPort
                        ? endpoint(String.format(format, host), 10_000 + other) : endpoint(String.format(format, host, other), 80);
                int place = Math.floorMod(endpoint.hashCode(), places);
                while (taken.get(place)) {
                    place = (place + 1) % places;
                    steps++;
                }
                taken.set(place);
            }
        }
        assertTrue(steps < hosts * others, steps + " steps for " + hosts * others + " endpoints");
    }
}
