package io.loom.forward.nat;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.api.IpAddress;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class SourceAddressesTest {

    private static Map<String, Long> constants(String... addresses) {
        return SourceAddresses.constants(Stream.of(addresses).map(address -> IpAddress.parse(address).orElseThrow()).toList());
    }

    @Test
    void withoutAddressesLoomsOwnIsUsed() {
        assertEquals(Map.of("nat_source_count4", 0L, "nat_source_count6", 0L), constants());
    }

    @Test
    void addressesAreCountedFromOneInTheirOrderWithinAFamily() {
        Map<String, Long> constants = constants("192.0.2.1", "2001:db8::1", "192.0.2.2");
        assertEquals(2L, constants.get("nat_source_count4"));
        assertEquals(1L, constants.get("nat_source_count6"));
        assertEquals(0x010200c0L, constants.get("nat_sources4[2]"));
        assertEquals(0x020200c0L, constants.get("nat_sources4[4]"));
        assertEquals(0xb80d0120L, constants.get("nat_sources6[2]"));
        assertEquals(0x01L << 56, constants.get("nat_sources6[3]"));
    }
}
