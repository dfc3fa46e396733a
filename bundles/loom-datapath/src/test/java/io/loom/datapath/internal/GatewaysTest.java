package io.loom.datapath.internal;

import static io.loom.datapath.internal.TestHost.address;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class GatewaysTest {
    @Test
    void routesOfTheKernelNameTheirGateways() {
        assertEquals(Set.of(address("10.77.0.254")), Gateways.ipv4(List.of(
                "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT",
                "eth0\t00000000\tFE004D0A\t0003\t0\t0\t0\t00000000\t0\t0\t0",
                "eth0\t00004D0A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0")));
        assertEquals(Set.of(), Gateways.ipv4(List.of()));
    }

    @Test
    void aLinkLocalGatewayComesWithItsInterface() {
        String zero = "0".repeat(32);
        Set<InetAddress> found = Gateways.ipv6(List.of(
                zero + " 00 " + zero + " 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth7",
                "fd790000000000000000000000000000 40 " + zero + " 00 fd7700000000000000000000000000fe 00000400 00000001 00000000 00000003     eth7",
                "fd770000000000000000000000000000 40 " + zero + " 00 " + zero + " 00000100 00000001 00000000 00000001     eth7",
                zero + " 00 " + zero + " 00 " + zero + " ffffffff 00000001 00000000 80200200       lo"),
                device -> device.equals("eth7") ? 7 : 0);
        assertEquals(Set.of(address("fe80::1"), address("fd77::fe")), found);
        Inet6Address local = (Inet6Address) found.stream().filter(InetAddress::isLinkLocalAddress).findFirst().orElseThrow();
        assertEquals(7, local.getScopeId());
    }
}
