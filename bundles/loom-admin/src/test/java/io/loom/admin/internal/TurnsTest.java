package io.loom.admin.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;

class TurnsTest {
    private final Queue<Runnable> started = new ArrayDeque<>();
    private final List<String> done = new ArrayList<>();
    private final Turns turns = new Turns(started::add, 3, 2);

    private void take(String client, String... names) {
        for (String name : names) {
            turns.take(client, () -> done.add(name));
        }
    }

    private void runAll() {
        while (!started.isEmpty()) {
            started.remove().run();
        }
    }

    @Test
    void eachClientHasItsTurnAndItsOwnOrder() {
        take("a", "a1", "a2", "a3", "a4");
        take("b", "b1", "b2");
        take("c", "c1");
        runAll();
        assertEquals(List.of("a1", "a2", "b1", "a3", "b2", "c1", "a4"), done);
    }

    @Test
    void noMoreRunThanMayRun() {
        take("a", "a1", "a2", "a3");
        assertEquals(2, started.size(), "of one client");
        take("b", "b1", "b2");
        assertEquals(3, started.size(), "of all");
        started.remove().run();
        assertEquals(3, started.size(), "one has taken the place of the one that ended");
    }

    @Test
    void whatFailsLeavesItsPlace() {
        for (int i = 0; i < 3; i++) {
            turns.take("a", () -> {
                throw new IllegalStateException("fails");
            });
        }
        take("a", "a4");
        for (int i = 0; i < 3; i++) {
            assertThrows(IllegalStateException.class, () -> started.remove().run());
        }
        runAll();
        assertEquals(List.of("a4"), done);
    }

    @Test
    void whatNoThreadTakesLeavesItsPlace() {
        List<Runnable> taken = new ArrayList<>();
        Turns stopping = new Turns(work -> {
            if (taken.isEmpty()) {
                taken.add(work);
            } else {
                throw new RejectedExecutionException("stopping");
            }
        }, 2, 2);
        stopping.take("a", () -> done.add("a1"));
        for (int i = 0; i < 5; i++) {
            assertThrows(RejectedExecutionException.class, () -> stopping.take("a", () -> done.add("never")));
        }
        taken.get(0).run();
        assertEquals(List.of("a1"), done);
    }
}
