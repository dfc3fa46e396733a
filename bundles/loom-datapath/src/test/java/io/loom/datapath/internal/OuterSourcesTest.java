package io.loom.datapath.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.api.Endpoint;
import io.loom.api.IpAddress;
import io.loom.api.Prefix;
import io.loom.api.plugin.MethodOptions;
import io.loom.control.dataplane.BackendKey;
import io.loom.datapath.internal.layout.OuterSource;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class OuterSourcesTest {
    private final BackendKey ipv4 = new BackendKey("default", new Endpoint(address("198.51.100.20"), 80), "ipip");
    private final BackendKey ipv6 = new BackendKey("default", new Endpoint(address("2001:db8:1::20"), 80), "ipip");

    @Test
    void aBackendGetsSourcesOfItsOwnFamily() {
        OuterSources sources = sources(network("172.16.0.0", 16), network("fd00:1::", 112));
        assertEquals(Optional.of(new OuterSource(address("172.16.0.0"), 0xffff)), sources.of(ipv4));
        assertEquals(Optional.of(new OuterSource(address("fd00:1::"), 0xffff)), sources.of(ipv6));
    }

    @Test
    void aFamilyWithoutNetworkHasLoomsOwnAddress() {
        OuterSources sources = sources(network("172.16.0.0", 12), Optional.empty());
        assertEquals(Optional.of(new OuterSource(address("172.16.0.0"), 0xfffff)), sources.of(ipv4));
        assertEquals(Optional.empty(), sources.of(ipv6));
    }

    @Test
    void methodsThatWriteNoOuterHeaderHaveNothingToDoWithIt() {
        OuterSources sources = sources(network("172.16.0.0", 16), Optional.empty());
        assertEquals(Optional.empty(), sources.of(new BackendKey("default", ipv4.endpoint(), "nat")));
    }

    @Test
    void atMostTheLast32BitsComeFromTheFlow() {
        OuterSources sources = sources(network("0.0.0.0", 0), network("fd00:1::", 64));
        assertEquals(Optional.of(new OuterSource(address("0.0.0.0"), -1)), sources.of(ipv4));
        assertEquals(Optional.of(new OuterSource(address("fd00:1::"), -1)), sources.of(ipv6));
    }

    @Test
    void aNetworkOfOneAddressIsThatAddress() {
        OuterSources sources = sources(network("172.16.0.1", 32), Optional.empty());
        assertEquals(Optional.of(new OuterSource(address("172.16.0.1"), 0)), sources.of(ipv4));
    }

    private static OuterSources sources(Optional<Prefix> prefix4, Optional<Prefix> prefix6) {
        return new OuterSources(new MethodOptions(6080, prefix4, prefix6, List.of()), method -> !method.equals("nat"));
    }

    private static Optional<Prefix> network(String address, int length) {
        return Optional.of(new Prefix(address(address), length));
    }

    private static InetAddress address(String literal) {
        return IpAddress.parse(literal).orElseThrow();
    }
}
