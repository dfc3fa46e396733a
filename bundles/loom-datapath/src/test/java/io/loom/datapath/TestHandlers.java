package io.loom.datapath;

import io.loom.api.Protocol;
import io.loom.protocol.tcp.TcpHandler;
import io.loom.protocol.udp.UdpHandler;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Objects of the protocol handlers that are shipped. */
public final class TestHandlers {
    public static final SortedMap<Protocol, byte[]> ALL =
            new TreeMap<>(Map.of(Protocol.TCP, new TcpHandler().object(), Protocol.UDP, new UdpHandler().object()));

    private TestHandlers() {}
}
