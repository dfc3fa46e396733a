package io.loom.control.internal;

import static io.loom.control.internal.Fixtures.config;
import static io.loom.control.internal.Fixtures.server;
import static io.loom.control.internal.Fixtures.upstream;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.loom.api.Family;
import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.api.Protocol;
import io.loom.api.config.LoomConfig;
import io.loom.api.config.Vip;
import io.loom.api.control.NewBackend;
import io.loom.control.dataplane.Change;
import io.loom.control.dataplane.ListenerKey;
import io.loom.control.dataplane.TableKey;
import io.loom.control.dataplane.TableSpec;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes on where a table or a listener is refused. */
class ApplicationTest {
    @TempDir
    Path data;

    private final FakeDataPlane plane = new FakeDataPlane();
    private Bench bench;

    @BeforeEach
    void start() {
        bench = new Bench(data, plane);
    }

    /** A vip of that name with tcp 80 at each address. */
    private static LoomConfig file(String vip, String... addresses) {
        return config(List.of(new Vip(vip, Stream.of(addresses).map(Fixtures::address).toList(), false,
                List.of(new Vip.Service(Protocol.TCP, 80)), "maglev", 7, "nat", "default", true, Vip.Connections.DEFAULT)),
                upstream("default", server("10.0.0.1")));
    }

    private List<String> listeners() {
        return plane.applied().listeners().entrySet().stream()
                .map(entry -> entry.getKey().endpoint() + " " + entry.getValue().table().vip()).toList();
    }

    private boolean isFull(Change change) {
        return change instanceof Change.PutListener put && !plane.applied().listeners().containsKey(put.listener())
                && plane.applied().listeners().size() == 3;
    }

    @Test
    void listenersThatFindNoRoomGetThatOfThoseThatGo() {
        plane.refused = this::isFull;
        bench.load(file("web", "10.9.0.1", "10.9.0.2", "10.9.0.3"));
        bench.load(file("web", "10.9.0.3", "10.9.0.5", "10.9.0.6"));
        assertEquals(List.of("10.9.0.3:80 web"), listeners());
        assertEquals(List.of("LOOM-3506"), bench.seen.warnings().stream().map(Problem::code).toList());
        assertEquals(1, bench.seen.warnings().get(0).why().split("LOOM-1999", -1).length - 1, "told once");
        bench.pass(Duration.ofSeconds(6));
        assertEquals(List.of("10.9.0.3:80 web", "10.9.0.5:80 web", "10.9.0.6:80 web"), listeners());
        assertEquals(List.of(), bench.seen.warnings());
    }

    /** Which of them the kernel has not taken cannot be told: their listeners wait for all of them. */
    @Test
    void tablesThatDoNotReachTheKernelHoldUpTheirListeners() {
        plane.onFlush = () -> {
            if (!plane.applied().tables().isEmpty()) {
                throw FakeDataPlane.refusal();
            }
        };
        bench.load(file("web", "10.9.0.1"));
        assertEquals(List.of(), listeners());
        assertEquals(List.of("LOOM-3506"), bench.seen.warnings().stream().map(Problem::code).toList());
        plane.onFlush = () -> {};
        bench.pass(Duration.ofSeconds(6));
        assertEquals(List.of("10.9.0.1:80 web"), listeners());
        assertEquals(List.of(), bench.seen.warnings());
    }

    @ParameterizedTest
    @ValueSource(classes = {Change.PutTable.class, Change.PutListener.class})
    void aListenerThatCannotGoToItsNewVipKeepsTheTableOfTheFormer(Class<? extends Change> refused) {
        bench.load(file("web", "10.9.0.1"));
        plane.refused = refused::isInstance;
        bench.load(file("shop", "10.9.0.1"));
        assertEquals(List.of("10.9.0.1:80 web"), listeners());
        assertEquals(List.of("LOOM-3506"), bench.seen.warnings().stream().map(Problem::code).toList());
        plane.refused = change -> false;
        bench.pass(Duration.ofSeconds(6));
        assertEquals(List.of("10.9.0.1:80 shop"), listeners());
        assertEquals(List.of("shop"), plane.applied().tables().keySet().stream().map(table -> table.vip()).toList());
    }

    private static LoomException refusal(String... codes) {
        return new LoomException(Stream.of(codes).map(code -> Problem.of(code, code + " is refused", "", "")).toList(), null);
    }

    private static Change.PutTable table(String vip) {
        return new Change.PutTable(new TableKey(vip, Family.IPV4), new TableSpec("maglev", 7, new TreeMap<>()));
    }

    private static Change.PutListener listener(String vip, String address) {
        return new Change.PutListener(new ListenerKey(Protocol.TCP, Fixtures.endpoint(address)), Fixtures.spec(table(vip).tables().get(0), false));
    }

    private List<String> failures(Change... changes) {
        return assertThrows(LoomException.class, () -> new Application(plane, new TreeMap<>()).run(List.of(changes)))
                .problems().stream().map(Problem::code).toList();
    }

    /** Of what a kind of changes lacks, each thing is told once, and what differs is told too. */
    @Test
    void whatTheKernelSaysIsToldWholeAndOnce() {
        plane.bug = Optional.of(refusal("LOOM-1001", "LOOM-1002"));
        assertEquals(List.of("LOOM-1001", "LOOM-1002"), failures(table("a"), table("b")));
        Iterator<LoomException> answers = List.of(refusal("LOOM-1001"), refusal("LOOM-1001"), refusal("LOOM-1003")).iterator();
        plane.bug = Optional.empty();
        plane.beforeApply = () -> {
            throw answers.next();
        };
        assertEquals(List.of("LOOM-1001", "LOOM-1003"), failures(listener("a", "10.9.0.1"), listener("a", "10.9.0.2"), listener("a", "10.9.0.3")));
    }

    @Test
    void whatFailsWhenAKindEndsIsToldWithWhatFailedBefore() {
        Iterator<Optional<LoomException>> flushes = List.of(Optional.<LoomException>empty(), Optional.of(refusal("LOOM-1001", "LOOM-1002")),
                Optional.<LoomException>empty(), Optional.of(refusal("LOOM-1001", "LOOM-1003"))).iterator();
        plane.onFlush = () -> flushes.next().ifPresent(failure -> {
            throw failure;
        });
        assertEquals(List.of("LOOM-1001", "LOOM-1002", "LOOM-1003"), failures(table("a"), listener("a", "10.9.0.1"), table("b")));
        assertFalse(flushes.hasNext());
        assertEquals(List.of(table("a"), table("b")), plane.changes, "the listener waits for its table");
    }

    /** No table has been written: it is not known what has failed. */
    @Test
    void whatFailsAtTheEndOfAnotherKindEndsIt() {
        new Application(plane, new TreeMap<>()).run(List.of(table("a")));
        List<String> flushes = new ArrayList<>();
        plane.onFlush = () -> {
            flushes.add("after " + plane.changes.size());
            if (plane.changes.size() == 2) {
                throw refusal("LOOM-1004");
            }
        };
        assertEquals(List.of("LOOM-1004"), failures(listener("a", "10.9.0.1"), table("b")));
        assertEquals(List.of("after 1", "after 2"), flushes);
        assertEquals(List.of(table("a"), listener("a", "10.9.0.1")), plane.changes);
    }

    /** Such as listeners that cannot follow their table. */
    @Test
    void whatAnEarlierAttemptHasLeftHoldsUpNewListenersOnly() {
        new Application(plane, new TreeMap<>()).run(List.of(table("a"), listener("a", "10.9.0.1")));
        plane.onFlush = () -> {
            throw refusal("LOOM-1004");
        };
        Change.RemoveListener gone = new Change.RemoveListener(listener("a", "10.9.0.1").listener());
        assertEquals(List.of("LOOM-1004"), failures(table("b"), listener("b", "10.9.0.2"), gone));
        assertEquals(List.of(table("a"), listener("a", "10.9.0.1"), table("b"), gone), plane.changes);
    }

    /** It is undone to what was there with the file of before, which knows no server of the next one. */
    @Test
    void aChangeThatIsRefusedDoesNotTakeTheFileThatWaitsAlong() {
        bench.load(Fixtures.web("nat", server("10.0.0.9")));
        plane.refusesConfiguration = true;
        bench.load(file("web", "10.9.0.1", "10.9.0.2"));
        plane.refusesConfiguration = false;
        plane.refused = change -> true;
        bench.stall(Duration.ofSeconds(1));
        assertThrows(LoomException.class, () -> bench.change(edit -> edit.add("", new NewBackend(Fixtures.endpoint("10.0.0.3"), 1))));
        plane.refused = refused -> false;
        bench.pass(Duration.ofSeconds(10));
        assertEquals(List.of("10.9.0.1:80 web", "10.9.0.2:80 web"), listeners());
    }
}
