package io.loom.forward.nat;

import io.loom.api.plugin.PacketCase;
import io.loom.api.plugin.SelfTest;
import java.util.List;
import java.util.Map;

/**
 * The packets that a program with this method must treat as expected before it replaces the running one. Made with scapy by
 * bpf-objects/test/selftest.py, in the world that {@link PacketCase} describes.
 */
final class NatSelfTest {
    private NatSelfTest() {}

    static SelfTest cases() {
        return new SelfTest(Map.of("nat_port_first", 20000L, "nat_port_count", 1L,
                "nat_source_count4", 0L, "nat_source_count6", 0L), List.of(
            PacketCase.sent("IPv4: a SYN opens a connection", "FORWARD",
                    "02000000000102000000000c0800450000280001000040067cbdcb007107c000020a9c400050000003e80000"
                        + "000150022000f1560000",
                    "020000000020020000000001080045000028521100003f06d542c6336401c63364144e201f90000003e80000"
                        + "000150022000c9cc0000"),
            PacketCase.sent("IPv4: the backend's answer goes back to the client", "REPLY",
                    "0200000000010200000000200800450000280001000040062653c6336414c63364011f904e20000000000000"
                        + "000150122000cda40000",
                    "02000000000c0200000000010800450000281ff100003f065dcdc000020acb00710700509c40000000000000"
                        + "000150122000f52e0000"),
            PacketCase.sent("IPv4: data follows its connection", "FORWARD",
                    "02000000000102000000000c08004500003a0001000040067cabcb007107c000020a9c400050000003e80000"
                        + "000150182000128f0000474554202f20485454502f312e300d0a0d0a",
                    "02000000002002000000000108004500003a521100003f06d530c6336401c63364144e201f90000003e80000"
                        + "000150182000eb040000474554202f20485454502f312e300d0a0d0a"),
            PacketCase.kept("IPv4: a segment without a connection is left to the local stack", "PASS_OUT_OF_STATE",
                    "02000000000102000000000c0800450000280001000040067cbdcb007107c000020a9c410050000003e80000"
                        + "000150102000f1470000"),
            PacketCase.kept("IPv4: a packet for another address is not touched", "PASS_NO_LISTENER",
                    "02000000000102000000000c08004500002800010000400602c0cb007107cb0071079c400050000003e80000"
                        + "00015002200077590000"),
            PacketCase.kept("IPv4: a connection without a free port is refused", "DROP_PORTS_EXHAUSTED",
                    "02000000000102000000000c0800450000280001000040067cbdcb007107c000020a9c420050000003e80000"
                        + "000150022000f1540000"),
            PacketCase.sent("IPv6: a SYN opens a connection", "FORWARD",
                    "02000000000102000000000c86dd60000000001406403fff000200c100c200c300c400c5000720010db800a1"
                        + "00a200a300a400a500109c400050000003e800000001500220007a9a0000",
                    "02000000002002000000000186dd600000000014063f3fff000300f100f200f300f400f500013fff000100b1"
                        + "00b200b300b400b500204e201f90000003e8000000015002200095e80000"),
            PacketCase.sent("IPv6: the backend's answer goes back to the client", "REPLY",
                    "02000000000102000000002086dd60000000001406403fff000100b100b200b300b400b500203fff000300f1"
                        + "00f200f300f400f500011f904e2000000000000000015012200099c00000",
                    "02000000000c02000000000186dd600000000014063f20010db800a100a200a300a400a500103fff000200c1"
                        + "00c200c300c400c5000700509c400000000000000001501220007e720000"),
            PacketCase.sent("IPv6: data follows its connection", "FORWARD",
                    "02000000000102000000000c86dd60000000002606403fff000200c100c200c300c400c5000720010db800a1"
                        + "00a200a300a400a500109c400050000003e800000001501820009bd20000474554202f20485454502f312e30"
                        + "0d0a0d0a",
                    "02000000002002000000000186dd600000000026063f3fff000300f100f200f300f400f500013fff000100b1"
                        + "00b200b300b400b500204e201f90000003e80000000150182000b7200000474554202f20485454502f312e30"
                        + "0d0a0d0a"),
            PacketCase.kept("IPv6: a segment without a connection is left to the local stack", "PASS_OUT_OF_STATE",
                    "02000000000102000000000c86dd60000000001406403fff000200c100c200c300c400c5000720010db800a1"
                        + "00a200a300a400a500109c410050000003e800000001501020007a8b0000"),
            PacketCase.kept("IPv6: a packet for another address is not touched", "PASS_NO_LISTENER",
                    "02000000000102000000000c86dd60000000001406403fff000200c100c200c300c400c500073fff000200c1"
                        + "00c200c300c400c500079c400050000003e8000000015002200067bb0000"),
            PacketCase.kept("IPv6: a connection without a free port is refused", "DROP_PORTS_EXHAUSTED",
                    "02000000000102000000000c86dd60000000001406403fff000200c100c200c300c400c5000720010db800a1"
                        + "00a200a300a400a500109c420050000003e800000001500220007a980000")));
    }
}
