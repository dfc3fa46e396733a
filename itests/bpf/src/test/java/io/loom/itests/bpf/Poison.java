package io.loom.itests.bpf;

import io.loom.libbpf.BpfMap;
import io.loom.libbpf.BpfObject;
import io.loom.libbpf.BpfProgram;
import io.loom.libbpf.UpdateMode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The program that fills the headroom and then tail-calls another one, see bpf-objects/test/poison.bpf.c. */
final class Poison implements AutoCloseable {
    private final BpfObject object;

    Poison(BpfProgram target) throws IOException {
        try (InputStream elf = Poison.class.getResourceAsStream("/bpf/poison.bpf.o")) {
            object = BpfObject.open("poison", elf.readAllBytes());
        }
        object.load();
        try (BpfMap targets = object.map("poison_target")) {
            targets.update(number(0), number(target.fd()), UpdateMode.ANY);
        }
    }

    /** The caller closes it. */
    BpfProgram program() {
        return object.program("loom_poison");
    }

    private static byte[] number(int value) {
        return ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array();
    }

    @Override
    public void close() {
        object.close();
    }
}
