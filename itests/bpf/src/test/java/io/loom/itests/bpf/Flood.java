package io.loom.itests.bpf;

import io.loom.api.Family;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.BpfObject;
import io.loom.libbpf.BpfProgram;
import io.loom.libbpf.UpdateMode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * bpf-objects/test/flood.bpf.c around a program: packets of so many flows, made in the kernel. The flows of two floods with
 * one seed are the same.
 */
final class Flood {
    private static final int FRAME = 80;
    private static final int ETHERNET = 14;

    private final BpfProgram target;
    private final Family family;

    Flood(BpfProgram target, Family family) {
        this.target = target;
        this.family = family;
    }

    /**
     * One packet of each of the first flows of a seed.
     *
     * @param request a TCP frame to a vip; its client's last address word and port are replaced
     */
    void send(byte[] request, long seed, int flows) {
        int transport = ETHERNET + (family == Family.IPV4 ? 20 : 40);
        int addressAt = family == Family.IPV4 ? ETHERNET + 12 : ETHERNET + 20;
        byte[] frame = Arrays.copyOf(request, FRAME);
        ByteBuffer words = ByteBuffer.wrap(frame).order(ByteOrder.LITTLE_ENDIAN);
        words.putInt(addressAt, 0).putShort(transport, (short) 0);
        try (BpfObject object = open()) {
            object.setConstant("flood_frame", frame);
            object.setConstant("flood_seed", ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(seed << Integer.SIZE).array());
            object.setConstant("flood_address_at", number(addressAt));
            object.setConstant("flood_port_at", number(transport));
            if (family == Family.IPV4) {
                words.putShort(ETHERNET + 10, (short) 0);
                object.setConstant("flood_frame", frame);
                object.setConstant("flood_check_at", number(ETHERNET + 10));
                object.setConstant("flood_check_sum", number(sum(words)));
            }
            object.load();
            try (BpfMap targets = object.map("flood_target"); BpfProgram program = object.program("loom_flood")) {
                targets.update(number(0), number(target.fd()), UpdateMode.ANY);
                program.testRun(frame, flows);
            }
        }
    }

    private static int sum(ByteBuffer words) {
        int sum = 0;
        for (int at = ETHERNET; at < ETHERNET + 20; at += 2) {
            sum += Short.toUnsignedInt(words.getShort(at));
        }
        return (sum & 0xffff) + (sum >>> 16);
    }

    private static BpfObject open() {
        try (InputStream elf = Flood.class.getResourceAsStream("/bpf/flood.bpf.o")) {
            return BpfObject.open("flood", elf.readAllBytes());
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static byte[] number(int value) {
        return ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array();
    }
}
