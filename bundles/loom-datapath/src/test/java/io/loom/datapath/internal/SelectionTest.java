package io.loom.datapath.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Family;
import io.loom.api.Problem;
import io.loom.api.plugin.Description;
import io.loom.api.plugin.MethodOptions;
import io.loom.api.plugin.SelfTest;
import io.loom.datapath.SlottedMethod;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class SelectionTest {
    private static final SlotBook NO_SLOTS = new SlotBook(Map.of());

    private static MethodCode code(String name) {
        return new MethodCode(
                new Description(
                        name, name.startsWith("d"), name.startsWith("s"), 0, Map.of(Family.IPV4, Set.of(Family.IPV4, Family.IPV6)),
                        Map.of(), List.of(), new SelfTest(Map.of(), List.of())),
                name.getBytes(), options -> Map.of());
    }

    private static Map<String, MethodCode> deployed(String... names) {
        return List.of(names).stream().collect(Collectors.toMap(name -> name, SelectionTest::code));
    }

    private static SlotBook slots(String... names) {
        SlotBook book = new SlotBook(Map.of());
        List.of(names).forEach(name -> book.assign(MethodFacts.of(code(name).description())));
        return book;
    }

    private static Map<String, Integer> placed(Selection selection) {
        return selection.methods().stream().collect(Collectors.toMap(SlottedMethod::name, SlottedMethod::slot));
    }

    private static List<String> codes(Selection selection) {
        return selection.problems().stream().map(Problem::code).toList();
    }

    @Test
    void everyDeployedMethodGetsASlot() {
        Selection selection = Selection.of(deployed("a", "b"), Set.of(), NO_SLOTS, Map.of(), slot -> false, MethodOptions.DEFAULT);
        assertEquals(Map.of("a", 0, "b", 1), placed(selection));
    }

    @Test
    void aMethodKeepsItsSlotAndAFreedOneIsGivenAnew() {
        Selection selection = Selection.of(
                deployed("b", "c"), Set.of(), slots("a", "b"), deployed("a", "b"), slot -> false, MethodOptions.DEFAULT);
        assertEquals(Map.of("b", 1, "c", 0), placed(selection));
        assertEquals(OptionalInt.empty(), selection.slots().slot("a"));
    }

    @Test
    void aMethodInUseStaysWithoutItsBundleAndIsAProblem() {
        Selection selection = Selection.of(deployed("b"), Set.of(), slots("a", "b"), deployed("a", "b"), slot -> slot == 0, MethodOptions.DEFAULT);
        assertEquals(Map.of("a", 0, "b", 1), placed(selection));
        assertEquals(List.of("LOOM-4107"), codes(selection));
    }

    @Test
    void withoutTheObjectOfAMethodInUseNothingCanBeMade() {
        Selection selection = Selection.of(deployed("b"), Set.of(), slots("a", "b"), Map.of(), slot -> slot == 0, MethodOptions.DEFAULT);
        assertEquals(List.of("a"), selection.missing());
    }

    @Test
    void aRefusedMethodStaysInTheVersionThatRuns() {
        Map<String, MethodCode> running = new HashMap<>(deployed("a"));
        running.put("a", new MethodCode(code("a").description(), "older".getBytes(), options -> Map.of()));
        Selection selection = Selection.of(deployed("a", "b"), Set.of("a", "b"), slots("a"), running, slot -> false, MethodOptions.DEFAULT);
        assertEquals(Map.of("a", 0), placed(selection));
        assertEquals("older", new String(selection.methods().get(0).object()));
    }

    @Test
    void theNinthMethodHasNoSlot() {
        Selection selection = Selection.of(
                deployed("a", "b", "c", "d", "e", "f", "g", "h", "i"), Set.of(), NO_SLOTS, Map.of(), slot -> false, MethodOptions.DEFAULT);
        assertEquals(8, selection.methods().size());
        assertEquals(List.of("LOOM-4106"), codes(selection));
        assertTrue(selection.problems().get(0).what().contains("i has no slot"));
    }

    @Test
    void factsOfAMethodSurviveAsText() {
        for (String name : List.of("nat", "direct", "stateful")) {
            MethodFacts facts = MethodFacts.of(code(name).description());
            assertEquals(facts, MethodFacts.parse(facts.text()));
        }
        assertEquals("stateful balanced stateful 4:4 4:6", MethodFacts.of(code("stateful").description()).text());
    }
}
