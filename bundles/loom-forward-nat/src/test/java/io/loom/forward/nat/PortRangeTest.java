package io.loom.forward.nat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class PortRangeTest {

    @Test
    void theKernelsDefaultLeavesThePortsBelowIt() {
        assertEquals(new PortRange(1024, 32767), PortRange.besides(PortRange.parse("32768\t60999\n")));
    }

    @Test
    void lowEphemeralPortsLeaveThoseAboveThem() {
        assertEquals(new PortRange(30001, 65535), PortRange.besides(new PortRange(1024, 30000)));
        assertEquals(new PortRange(20001, 65535), PortRange.besides(new PortRange(1, 20000)));
    }

    @Test
    void wellKnownPortsAreNeverTaken() {
        assertEquals(new PortRange(1024, 65535), PortRange.besides(new PortRange(1, 500)));
        assertEquals(new PortRange(1024, 40000), PortRange.besides(new PortRange(40001, 65535)));
    }

    @Test
    void theUpperHalfIsSharedIfEveryPortIsEphemeral() {
        assertEquals(new PortRange(33280, 65535), PortRange.besides(new PortRange(1024, 65535)));
    }

    @Test
    void anythingElseIsNoRange() {
        assertThrows(IllegalArgumentException.class, () -> PortRange.parse("32768"));
        assertThrows(IllegalArgumentException.class, () -> PortRange.parse("60999 32768"));
        assertThrows(IllegalArgumentException.class, () -> PortRange.parse("a b"));
        assertThrows(IllegalArgumentException.class, () -> PortRange.parse("1024 65536"));
    }
}
