package io.loom.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IpAddressTest {

    @ParameterizedTest
    @CsvSource({
        "10.0.1.10, 10.0.1.10",
        "2001:db8::1, 2001:db8::1",
        "2001:0DB8:0:0:0:0:0:1, 2001:db8::1",
        "::, ::",
        "::1, ::1",
        "fe80::, fe80::",
        "2001:db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
        "2001:db8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
        "1:0:0:2:0:0:0:3, 1:0:0:2::3"
    })
    void literalsAreReadAndPrintedAsRfc5952Asks(String text, String printed) {
        assertEquals(printed, IpAddress.format(IpAddress.parse(text).orElseThrow()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "localhost", "example.org", "10.0.0", "10.0.0.256", "010.0.0.1", "1", "fe80::1%eth0", ":::", "1:2:3:4:5:6:7:8:9", "a"})
    void whatIsNoLiteralIsRefusedWithoutALookUp(String text) {
        assertTrue(IpAddress.parse(text).isEmpty(), text);
    }

    @Test
    void ipv6EndpointsHaveBrackets() {
        assertEquals("[2001:db8::1]:80", new Endpoint(IpAddress.parse("2001:db8::1").orElseThrow(), 80).toString());
    }
}
