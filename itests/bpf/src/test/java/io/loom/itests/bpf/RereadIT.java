package io.loom.itests.bpf;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.datapath.internal.layout.ConnectionWord;
import io.loom.libbpf.BpfObject;
import io.loom.libbpf.BpfProgram;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A connection is not found by a word that was another's, see bpf-objects/test/reread.bpf.c: {@link RaceIT} hardly ever gets there. */
class RereadIT {
    private static final int BACKEND = 7;

    /** The first and the last bit of what says where a connection goes. */
    @ParameterizedTest
    @CsvSource({"0x1, 0", "0x4000, 0", "0, 0x1", "0, 0x80000"})
    void aWordThatWasAnothersIsNotTaken(String backend, String cookie) throws IOException {
        assertEquals(0, found(new ConnectionWord(Integer.decode(backend), false, 0, 0, Integer.decode(cookie), 0)));
    }

    @Test
    void aConnectionThatItsOtherSideHasMovedOnMeanwhileIsFound() throws IOException {
        assertEquals(BACKEND, found(new ConnectionWord(0, true, 1, 1, 0, 1)));
    }

    /** @param difference what the other word's bits differ in; @return the backend of what was found; 0: nothing was */
    private static int found(ConnectionWord difference) throws IOException {
        BpfObject object;
        try (InputStream elf = RereadIT.class.getResourceAsStream("/bpf/reread.bpf.o")) {
            object = BpfObject.open("reread", elf.readAllBytes());
        }
        try (object) {
            object.setConstant("reread_other", ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(difference.encode()).array());
            object.load();
            try (BpfProgram program = object.program("reread")) {
                return program.testRun(new byte[64], 1).result();
            }
        }
    }
}
