package io.loom.datapath.internal;

import io.loom.api.plugin.Description;
import io.loom.api.plugin.ForwardingMethod;
import io.loom.api.plugin.PacketCase;
import io.loom.api.plugin.SelfTest;
import io.loom.forward.ipip.IpipForwarding;
import io.loom.forward.nat.NatForwarding;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Methods that must not get into the program. */
final class BrokenMethods {
    private BrokenMethods() {}

    /** Another range of ports than the real nat has, and a packet that its object does not treat as it says. */
    static ForwardingMethod wrongSelfTest() {
        NatForwarding nat = new NatForwarding();
        Description good = nat.describe();
        PacketCase wrong = new PacketCase("an ARP request is forwarded", arp(), "FORWARD", Optional.of(arp()));
        return method(new Description(
                good.name(), good.direct(), good.stateful(), good.overhead(), good.pairs(),
                Map.of("nat_port_first", 40000L, "nat_port_count", 7L), good.verdicts(),
                new SelfTest(Map.of(), List.of(wrong))), nat.object());
    }

    /** What it carries is no BPF object. */
    static ForwardingMethod garbage() {
        return method(named("garbage"), new byte[5000]);
    }

    /** Nothing is wrong with this one: ipip under another name. */
    static ForwardingMethod secondIpip() {
        return method(named("ipip2"), new IpipForwarding().object());
    }

    private static Description named(String name) {
        Description ipip = new IpipForwarding().describe();
        return new Description(
                name, ipip.direct(), ipip.stateful(), ipip.overhead(), ipip.pairs(), Map.of(), List.of(),
                new SelfTest(Map.of(), List.of()));
    }

    static ForwardingMethod method(Description description, byte[] object) {
        return new ForwardingMethod() {
            @Override
            public Description describe() {
                return description;
            }

            @Override
            public byte[] object() {
                return object.clone();
            }
        };
    }

    private static byte[] arp() {
        byte[] frame = new byte[60];
        frame[12] = 0x08;
        frame[13] = 0x06;
        return frame;
    }
}
