package io.loom.itests.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.api.Family;
import io.loom.api.Protocol;
import io.loom.datapath.World;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class FrameTest {

    @Test
    void aClientsFrameHasRoomForItsAddressPortAndFlags() {
        Frame frame = Frame.toward(Protocol.TCP, World.vip(Family.IPV4), World.BACKEND4);
        assertEquals("020000000001" + "020000000009" + "0800"
                + "45000052" + "00004000" + "4006" + "0000" + "00000000" + "c000020a" + "00000050" + "00000001" + "00000002" + "5000" + "0200" + "1234" + "0000",
                HexFormat.of().formatHex(Arrays.copyOf(frame.bytes(), 54)));
        assertEquals(Frame.LENGTH, frame.bytes().length);
        assertEquals(26, frame.addressAt());
        assertEquals(34, frame.portAt());
        assertEquals(47, frame.signalsAt());
        assertEquals(24, frame.checkAt());
    }

    @Test
    void aBackendsFrameLeavesItsDestinationPortOpen() {
        Frame frame = Frame.reply(World.BACKEND6, 8080, World.SOURCE6);
        assertEquals("3fff000100b100b200b300b400000000", HexFormat.of().formatHex(Arrays.copyOfRange(frame.bytes(), 22, 38)));
        assertEquals(34, frame.addressAt());
        assertEquals(56, frame.portAt());
        assertEquals(0, frame.checkAt());
        assertArrayEquals(new byte[] {0x1f, (byte) 0x90, 0, 0}, Arrays.copyOfRange(frame.bytes(), 54, 58));
    }

    @Test
    void aDatagramHasItsLengthAndNoFlags() {
        Frame frame = Frame.toward(Protocol.UDP, World.vip(Family.IPV6), World.BACKEND6);
        assertEquals("0000" + "0050" + "002a" + "1234", HexFormat.of().formatHex(Arrays.copyOfRange(frame.bytes(), 54, 62)));
        assertEquals(17, frame.bytes()[20]);
        assertEquals(0, frame.signalsAt());
    }
}
