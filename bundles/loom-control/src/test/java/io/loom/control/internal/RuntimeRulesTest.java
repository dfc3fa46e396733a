package io.loom.control.internal;

import static io.loom.control.internal.Fixtures.address;
import static io.loom.control.internal.Fixtures.config;
import static io.loom.control.internal.Fixtures.endpoint;
import static io.loom.control.internal.Fixtures.ref;
import static io.loom.control.internal.Fixtures.server;
import static io.loom.control.internal.Fixtures.upstream;
import static io.loom.control.internal.Fixtures.vip;
import static io.loom.control.internal.Fixtures.web;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.api.Protocol;
import io.loom.api.config.LoomConfig;
import io.loom.api.config.Upstream;
import io.loom.api.config.Vip;
import io.loom.api.control.NewBackend;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Ids, overrides and tombstones. */
class RuntimeRulesTest {
    private LoomConfig config = web("nat", server("10.0.0.1"), server("10.0.0.2"));
    private RuntimeState state = FileMerge.merge(RuntimeState.EMPTY, config).state();

    private void load(LoomConfig next) {
        config = next;
        state = FileMerge.merge(state, next).state();
    }

    private int add(String address) {
        return add(address, 100);
    }

    private int add(String address, int weight) {
        RuntimeEdit.Edited edited = Fixtures.edit(config, state).add("", new NewBackend(endpoint(address), weight));
        state = edited.state();
        return edited.id();
    }

    private void remove(int id) {
        state = Fixtures.edit(config, state).remove(id).state();
    }

    private void weight(int id, int weight) {
        state = Fixtures.edit(config, state).weight(id, OptionalInt.of(weight)).state();
    }

    private Map<String, Integer> weights() {
        return Inventory.of(config, state).members().stream()
                .collect(Collectors.toMap(member -> member.id() + " " + member.endpoint(), Member::weight));
    }

    private static void refused(String code, Executable change) {
        assertEquals(code, assertThrows(LoomException.class, change).code());
    }

    @Test
    void afterTwoStaticBackendsTheFirstAddedOneIsNumberThree() {
        assertEquals(3, add("10.0.0.3"));
        assertEquals(4, add("10.0.0.4"));
    }

    @Test
    void anIdOfARemovedBackendIsNotGivenAgain() {
        remove(add("10.0.0.3"));
        assertEquals(4, add("10.0.0.3"));
        remove(4);
        load(web("nat", server("10.0.0.1"), server("10.0.0.2"), server("10.0.0.9")));
        assertEquals(5, state.ids().get(ref("10.0.0.9")));
        assertEquals(6, add("10.0.0.4"));
    }

    @Test
    void explicitIdsComeFirstThenTheLowestFree() {
        state = RuntimeState.EMPTY;
        load(web("nat", server("10.0.0.1"), server(1, "10.0.0.2"), server("10.0.0.3"), server(3, "10.0.0.4")));
        assertEquals(
                Map.of(ref("10.0.0.1"), 2, ref("10.0.0.2"), 1, ref("10.0.0.3"), 4, ref("10.0.0.4"), 3), state.ids());
        assertEquals(5, add("10.0.0.5"));
    }

    @Test
    void idsFollowTheAddressNotTheOrderInTheFile() {
        load(web("nat", server("10.0.0.7"), server("10.0.0.2"), server("10.0.0.1")));
        assertEquals(1, state.ids().get(ref("10.0.0.1")));
        assertEquals(2, state.ids().get(ref("10.0.0.2")));
        assertEquals(3, state.ids().get(ref("10.0.0.7")));
        load(web("nat", server("10.0.0.7")));
        load(web("nat", server("10.0.0.1"), server("10.0.0.7")));
        assertEquals(1, state.ids().get(ref("10.0.0.1")));
    }

    @Test
    void anExplicitIdTakesItFromOneThatTheFileLeftOpen() {
        load(web("nat", server("10.0.0.1"), server(1, "10.0.0.2")));
        assertEquals(1, state.ids().get(ref("10.0.0.2")));
        assertEquals(2, state.ids().get(ref("10.0.0.1")));
    }

    @Test
    void anAddedBackendKeepsItsIdAgainstTheFile() {
        add("10.0.0.3");
        LoomConfig next = web("nat", server("10.0.0.1"), server("10.0.0.2"), server(3, "10.0.0.4"));
        FileMerge.Merged merged = FileMerge.merge(state, next);
        assertEquals(3, merged.state().ids().get(ref("10.0.0.3")));
        assertEquals(4, merged.state().ids().get(ref("10.0.0.4")));
        assertEquals(List.of("LOOM-3508"), merged.warnings().stream().map(problem -> problem.code()).toList());
        assertEquals(merged, FileMerge.merge(merged.state(), next), "the same file is told of the same");
    }

    @Test
    void anOverrideLastsUntilTheEntryInTheFileChanges() {
        weight(1, 50);
        assertEquals(Map.of("1 10.0.0.1:80", 50, "2 10.0.0.2:80", 100), weights());
        load(web("nat", server("10.0.0.1"), server("10.0.0.2"), server("10.0.0.3")));
        assertEquals(50, weights().get("1 10.0.0.1:80"));
        load(web("nat", server("10.0.0.1", 70), server("10.0.0.2")));
        assertEquals(70, weights().get("1 10.0.0.1:80"));
        load(web("nat", server("10.0.0.1"), server("10.0.0.2")));
        assertEquals(100, weights().get("1 10.0.0.1:80"), "an override that ended does not come back");
    }

    @Test
    void anOverrideWithTheFilesOwnWeightIsNone() {
        weight(1, 50);
        weight(1, 100);
        assertTrue(state.overrides().isEmpty());
    }

    @Test
    void aTombstoneLastsUntilTheEntryInTheFileChanges() {
        remove(1);
        load(web("nat", server("10.0.0.1"), server("10.0.0.2")));
        assertFalse(weights().containsKey("1 10.0.0.1:80"));
        refused("LOOM-3404", () -> remove(1));
        refused("LOOM-3404", () -> weight(1, 5));
        load(web("nat", server("10.0.0.1", 99), server("10.0.0.2")));
        assertEquals(99, weights().get("1 10.0.0.1:80"));
    }

    @ParameterizedTest
    @CsvSource({"0, 5", "1, 0"})
    void whateverChangesInTheEntryEndsBoth(int id, int maxConnections) {
        remove(1);
        weight(2, 50);
        load(web("nat", server("10.0.0.1"), server("10.0.0.2")));
        assertEquals(Map.of("2 10.0.0.2:80", 50), weights());
        load(web("nat", entry(id, "10.0.0.1", maxConnections), entry(2 * id, "10.0.0.2", maxConnections)));
        assertEquals(Map.of("1 10.0.0.1:80", 100, "2 10.0.0.2:80", 100), weights());
    }

    /** @param id 0: none */
    private static Upstream.Server entry(int id, String address, int maxConnections) {
        return new Upstream.Server(id == 0 ? OptionalInt.empty() : OptionalInt.of(id), endpoint(address), 100, true, maxConnections);
    }

    @Test
    void addingARemovedBackendOfTheFileBringsItBackUnderItsId() {
        remove(2);
        assertEquals(2, add("10.0.0.2", 30));
        assertEquals(30, weights().get("2 10.0.0.2:80"));
    }

    @Test
    void aBackendThatTheFileNamesLaterBecomesTheFiles() {
        add("10.0.0.3", 10);
        load(web("nat", server("10.0.0.1"), server("10.0.0.2"), server("10.0.0.3")));
        assertEquals(100, weights().get("3 10.0.0.3:80"));
        load(web("nat", server("10.0.0.1"), server("10.0.0.2")));
        assertFalse(weights().containsKey("3 10.0.0.3:80"));
    }

    @Test
    void anAddedBackendOfALostUpstreamIsKeptAndNamed() {
        add("10.0.0.3");
        load(config(List.of(), upstream("other", server("10.0.0.1"))));
        Inventory inventory = Inventory.of(config, state);
        assertEquals(List.of("LOOM-3509"), inventory.orphans().stream().map(problem -> problem.code()).toList());
        remove(3);
        assertTrue(state.added().isEmpty());
    }

    /** The file cannot know of it, so it is not refused. */
    @Test
    void anAddedBackendWhoseAddressAVipHasGotIsNamedUntilItIsRemoved() {
        add("10.9.0.7");
        add("10.0.0.3");
        Vip other = new Vip("other", List.of(address("10.9.0.7")), false, List.of(new Vip.Service(Protocol.TCP, 443)), "maglev", 101, "nat",
                "default", true, Vip.Connections.DEFAULT);
        load(config(List.of(vip("nat"), other), upstream("default", server("10.0.0.1"), server("10.0.0.2"))));
        Inventory inventory = Inventory.of(config, state);
        assertEquals(List.of("LOOM-3512 backend 3 (10.9.0.7:80), added at run time, is no server: the file gives its address to vip other; "
                + "it gets no connections; remove the backend, or take its address out of the file"), inventory.orphans().stream().map(Problem::toString).toList());
        remove(3);
        assertEquals(List.of(), inventory.with(Set.of(ref("10.9.0.7")), config, state).orphans());
    }

    @Test
    void whatCannotBeMeantIsRefused() {
        refused("LOOM-3409", () -> add("10.0.0.1"));
        add("10.0.0.3");
        refused("LOOM-3409", () -> add("10.0.0.3"));
        refused("LOOM-3404", () -> remove(77));
        refused("LOOM-3416", () -> weight(1, 65_536));
        refused("LOOM-3416", () -> add("10.0.0.4", -1));
        refused("LOOM-3417", () -> add("224.0.0.1"));
        refused("LOOM-3419", () -> add("10.9.0.1"));
        config = config(List.of(vip("nat")), upstream("a"), upstream("b"));
        LoomException choices = assertThrows(LoomException.class, () -> add("10.0.0.4"));
        assertEquals("LOOM-3400", choices.code());
        assertTrue(choices.getMessage().contains("a, b"), choices.getMessage());
        config = config(List.of(), upstream("only"));
        assertEquals(4, add("10.0.0.4"));
        assertTrue(state.added().containsKey(new ServerRef("only", endpoint("10.0.0.4"))));
    }

    /** Fixtures have room for 100. */
    @Test
    void thereIsRoomForAsManyBackendsAsTheFileSaysOfBothKinds() {
        for (int i = 3; i <= 100; i++) {
            add("10.0.1." + i);
        }
        LoomException full = assertThrows(LoomException.class, () -> add("10.0.0.200"));
        assertEquals("LOOM-2028", full.code());
        remove(1);
        int id = add("10.0.0.200");
        assertEquals("LOOM-2028", assertThrows(LoomException.class, () -> add("10.0.0.1")).code(), "one that comes back");
        remove(id);
        assertEquals(1, add("10.0.0.1"));
    }

    @Test
    void withoutANameTheUpstreamIsDefaultWhateverOthersThereAre() {
        config = config(List.of(), upstream("a"), upstream("default"), upstream("z"));
        assertEquals("default", Fixtures.edit(config, state).add("", new NewBackend(endpoint("10.0.0.9"), 1)).upstream());
        refused("LOOM-3400", () -> Fixtures.edit(config, state).add("b", new NewBackend(endpoint("10.0.0.9"), 1)));
        assertEquals("z", Fixtures.edit(config, state).add("z", new NewBackend(endpoint("10.0.0.9"), 1)).upstream());
    }

    /** An address is a backend of each upstream on its own. */
    @Test
    void anAddressThatTheFileHasInOneUpstreamCanBeAddedToAnother() {
        state = RuntimeState.EMPTY;
        load(config(List.of(), upstream("a", server("10.0.0.1", 10)), upstream("b", server("10.0.0.2", 20))));
        state = Fixtures.edit(config, state).add("b", new NewBackend(endpoint("10.0.0.1"), 30)).state();
        assertEquals(Map.of("1 10.0.0.1:80", 10, "2 10.0.0.2:80", 20, "3 10.0.0.1:80", 30), weights());
        weight(3, 31);
        remove(1);
        assertEquals(Map.of("2 10.0.0.2:80", 20, "3 10.0.0.1:80", 31), weights());
    }
}
