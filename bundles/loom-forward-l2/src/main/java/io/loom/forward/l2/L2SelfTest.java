package io.loom.forward.l2;

import io.loom.api.plugin.PacketCase;
import io.loom.api.plugin.SelfTest;
import java.util.List;
import java.util.Map;

/**
 * The packets that a program with this method must treat as expected before it replaces the running one. Made with scapy by
 * bpf-objects/test/selftest.py, in the world that {@link PacketCase} describes.
 */
final class L2SelfTest {
    private L2SelfTest() {}

    static SelfTest cases() {
        return new SelfTest(Map.of(), List.of(
            PacketCase.sent("IPv4: a SYN is addressed to the backend", "FORWARD",
                    "02000000000102000000000c0800450000280001000040067cbdcb007107c000020a9c400050000003e80000"
                        + "000150022000f1560000",
                    "020000000020020000000001080045000028000100003f067dbdcb007107c000020a9c400050000003e80000"
                        + "000150022000f1560000"),
            PacketCase.sent("IPv4: data follows its connection", "FORWARD",
                    "02000000000102000000000c08004500003a0001000040067cabcb007107c000020a9c400050000003e80000"
                        + "000150182000128f0000474554202f20485454502f312e300d0a0d0a",
                    "02000000002002000000000108004500003a000100003f067dabcb007107c000020a9c400050000003e80000"
                        + "000150182000128f0000474554202f20485454502f312e300d0a0d0a"),
            PacketCase.sent("IPv4: a datagram is addressed to the backend", "FORWARD",
                    "02000000000102000000000c0800450000230001000040117cb7cb007107c000020a9c400035000fb43f6120"
                        + "7175657279",
                    "020000000020020000000001080045000023000100003f117db7cb007107c000020a9c400035000fb43f6120"
                        + "7175657279"),
            PacketCase.kept("IPv4: a packet for another address is not touched", "PASS_NO_LISTENER",
                    "02000000000102000000000c08004500002800010000400602c0cb007107cb0071079c400050000003e80000"
                        + "00015002200077590000"),
            PacketCase.kept("IPv4: a packet on its last hop is dropped", "DROP_TTL",
                    "02000000000102000000000c080045000028000100000106bbbdcb007107c000020a9c400050000003e80000"
                        + "000150022000f1560000"),
            PacketCase.sent("IPv6: a SYN is addressed to the backend", "FORWARD",
                    "02000000000102000000000c86dd60000000001406403fff000200c100c200c300c400c5000720010db800a1"
                        + "00a200a300a400a500109c400050000003e800000001500220007a9a0000",
                    "02000000002002000000000186dd600000000014063f3fff000200c100c200c300c400c5000720010db800a1"
                        + "00a200a300a400a500109c400050000003e800000001500220007a9a0000"),
            PacketCase.sent("IPv6: data follows its connection", "FORWARD",
                    "02000000000102000000000c86dd60000000002606403fff000200c100c200c300c400c5000720010db800a1"
                        + "00a200a300a400a500109c400050000003e800000001501820009bd20000474554202f20485454502f312e30"
                        + "0d0a0d0a",
                    "02000000002002000000000186dd600000000026063f3fff000200c100c200c300c400c5000720010db800a1"
                        + "00a200a300a400a500109c400050000003e800000001501820009bd20000474554202f20485454502f312e30"
                        + "0d0a0d0a"),
            PacketCase.sent("IPv6: a datagram is addressed to the backend", "FORWARD",
                    "02000000000102000000000c86dd60000000000f11403fff000200c100c200c300c400c5000720010db800a1"
                        + "00a200a300a400a500109c400035000f3d8361207175657279",
                    "02000000002002000000000186dd60000000000f113f3fff000200c100c200c300c400c5000720010db800a1"
                        + "00a200a300a400a500109c400035000f3d8361207175657279"),
            PacketCase.kept("IPv6: a packet for another address is not touched", "PASS_NO_LISTENER",
                    "02000000000102000000000c86dd60000000001406403fff000200c100c200c300c400c500073fff000200c1"
                        + "00c200c300c400c500079c400050000003e8000000015002200067bb0000"),
            PacketCase.kept("IPv6: a packet on its last hop is dropped", "DROP_TTL",
                    "02000000000102000000000c86dd60000000001406013fff000200c100c200c300c400c5000720010db800a1"
                        + "00a200a300a400a500109c400050000003e800000001500220007a9a0000")));
    }
}
