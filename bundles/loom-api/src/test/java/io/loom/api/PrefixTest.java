package io.loom.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PrefixTest {

    @ParameterizedTest
    @CsvSource({
        "10.1.2.3,      8, 10.0.0.0/8",
        "10.1.2.3,     12, 10.0.0.0/12",
        "10.31.255.1,  12, 10.16.0.0/12",
        "10.1.2.3,      0, 0.0.0.0/0",
        "10.1.2.3,     32, 10.1.2.3/32",
        "fd00:1:2:3::9,33, fd00:1::/33",
        "fd00::ffff,  127, fd00::fffe/127"
    })
    void theFirstAddressNamesTheNetwork(String address, int length, String network) {
        assertEquals(network, Prefix.around(IpAddress.parse(address).orElseThrow(), length).toString());
    }

    @ParameterizedTest
    @CsvSource({"10.0.0.1, 24", "10.0.0.0, 33", "10.0.0.0, -1", "fd00::1, 64"})
    void otherAddressesAndLengthsAreNone(String address, int length) {
        assertThrows(IllegalArgumentException.class, () -> new Prefix(IpAddress.parse(address).orElseThrow(), length));
    }
}
