package io.loom.api;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

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
}
