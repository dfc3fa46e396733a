package io.loom.itests.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;

class FlowsTest {

    @Test
    void flowsAreInTheWrappersForm() {
        byte[] memory = new byte[Flows.BYTES];
        Flows.clients(4097, 1, Flows.SYN).write(ByteBuffer.wrap(memory));
        assertArrayEquals(new byte[] {10, 1, 0, 1, 0x4e, 0x21, 2, 0}, memory);
    }

    @Test
    void clientsAreDistinctAndHaveTheirNumbers() {
        List<Long> words = words(Flows.clients(0, 20_000, Flows.ACK));
        assertEquals(20_000, new HashSet<>(words).size());
        long last = words.get(19_999);
        assertEquals(19_999, Flows.client((int) (last >>> 32), (int) (last >>> 16) & 0xffff));
    }

    @Test
    void randomOrderIsAlwaysTheSameAndLosesNobody() {
        Flows clients = Flows.clients(0, 1000, Flows.ACK);
        assertNotEquals(words(clients), words(clients.shuffled()));
        assertEquals(words(clients.shuffled()), words(clients.shuffled()));
        assertEquals(new HashSet<>(words(clients)), new HashSet<>(words(clients.shuffled())));
    }

    @Test
    void everyTenthOfAMixIsANewcomerAndTheOthersTakeTurns() {
        Flows newcomers = Flows.clients(100, 2, Flows.ACK).alternating(Flows.SYN);
        List<Long> mixed = words(Flows.mixed(Flows.clients(0, 2, Flows.ACK), newcomers, 20));
        List<Long> recurring = words(Flows.clients(0, 2, Flows.ACK));
        for (int i = 0; i < 20; i++) {
            long wanted = i % 10 == 9 ? words(newcomers).get(i / 10) : recurring.get((i - i / 10) % 2);
            assertEquals(wanted, mixed.get(i), "flow " + i);
        }
        assertEquals(Flows.SYN, (int) (mixed.get(19) >> 8) & 0xff);
        assertEquals(Flows.ACK, (int) (mixed.get(9) >> 8) & 0xff);
    }

    @Test
    void flagsAreReplacedAndTheRestStays() {
        assertEquals(words(Flows.clients(7, 3, Flows.SYN)), words(Flows.clients(7, 3, Flows.ACK).with(Flows.SYN)));
        assertEquals(2, Flows.clients(0, 3, Flows.ACK).first(2).count());
        assertEquals(3, Flows.clients(0, 3, Flows.ACK).first(9).count());
        assertEquals(words(Flows.clients(1, 1, Flows.ACK)), words(Flows.clients(0, 3, Flows.ACK).where(place -> place == 1)));
    }

    private static List<Long> words(Flows flows) {
        ByteBuffer memory = ByteBuffer.allocate(flows.count() * Flows.BYTES);
        flows.write(memory);
        List<Long> words = new ArrayList<>();
        while (memory.hasRemaining()) {
            words.add(memory.getLong());
        }
        return words;
    }
}
