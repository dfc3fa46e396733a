package io.loom.datapath.internal;

import static io.loom.datapath.internal.TestHost.DEVICE;
import static io.loom.datapath.internal.TestHost.address;
import static io.loom.datapath.internal.TestHost.await;
import static io.loom.datapath.internal.TestHost.config;
import static io.loom.datapath.internal.TestHost.ip;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.config.LoomConfig;
import io.loom.api.config.NatSettings;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Addresses that nat sends from, on the interface. */
class NatSourcesTest extends DataPlaneFixture {
    private static final String SOURCE = "10.9.9.60";

    private static boolean there() throws Exception {
        return ip("addr show dev " + DEVICE).contains(SOURCE + "/32");
    }

    private static LoomConfig with(NatSettings nat) {
        LoomConfig other = config(DEVICE);
        return new LoomConfig(other.enabled(), other.attachment(), other.conntrack(), other.maps(), nat, other.dsr(), other.icmp(),
                other.acl(), other.programs(), other.vips(), other.upstreams(), other.admin(), other.warnings());
    }

    /** A program that still sends from an address would wait for answers that nobody takes. */
    @Test
    void anAddressStaysUntilTheProgramThatSendsFromItHasGone() throws Exception {
        int before = plane.program().id();
        plane.configure(with(new NatSettings(List.of(address(SOURCE)), true)));
        assertTrue(there());
        await("a program that sends from it", () -> plane.program().id() != before);
        int sending = plane.program().id();
        plane.configure(config(DEVICE));
        await("it has gone", () -> !there());
        assertTrue(plane.program().id() != sending, "it went before the program did");
    }

    /** The program is the same with it and without. */
    @Test
    void anAddressThatSomebodyElseIsToAssignGoesToo() throws Exception {
        plane.configure(with(new NatSettings(List.of(address(SOURCE)), true)));
        plane.configure(with(new NatSettings(List.of(address(SOURCE)), false)));
        await("it has gone", () -> !there());
    }
}
