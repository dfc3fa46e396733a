package io.loom.control.internal;

import static io.loom.control.internal.Fixtures.endpoint;
import static io.loom.control.internal.Fixtures.server;
import static io.loom.control.internal.Fixtures.web;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.api.control.NewBackend;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Changes that come while one is under way are made in one round. */
class TogetherTest {
    @TempDir
    Path data;

    private final List<String> made = new ArrayList<>();
    private Bench bench;

    @BeforeEach
    void start() {
        bench = new Bench(data, new FakeDataPlane());
        bench.load(web("nat", server("10.0.0.1")));
    }

    private RuntimeChange adding(String address) {
        return RuntimeChange.of(edit -> {
            made.add(address);
            return edit.add("", new NewBackend(endpoint(address), 1));
        });
    }

    @Test
    void theyAreMadeOnce() {
        List<RuntimeChange> changes = Stream.of("10.0.0.2", "10.0.0.3").map(this::adding).toList();
        bench.changeTogether(changes);
        assertEquals(List.of("10.0.0.2", "10.0.0.3"), made);
        assertEquals(List.of(2, 3), changes.stream().map(change -> Bench.result(change.done()).id()).toList());
    }

    @Test
    void oneThatWasGivenUpIsNotMade() {
        RuntimeChange givenUp = adding("10.0.0.2");
        givenUp.done().cancel(false);
        RuntimeChange other = adding("10.0.0.3");
        bench.changeTogether(List.of(givenUp, other));
        assertEquals(List.of("10.0.0.3"), made);
        assertEquals(2, Bench.result(other.done()).id());
        bench.changeTogether(List.of(givenUp));
        assertEquals(1, made.size());
        assertEquals(2, bench.seen.backends().size());
    }
}
