package io.loom.control.internal;

import static io.loom.control.internal.Fixtures.endpoint;
import static io.loom.control.internal.Fixtures.ref;
import static io.loom.control.internal.Fixtures.server;
import static io.loom.control.internal.Fixtures.web;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.api.config.LoomConfig;
import io.loom.api.control.NewBackend;
import io.loom.control.dataplane.LayeredMap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RuntimeStoreTest {
    @TempDir
    Path data;

    private static RuntimeState state(int weight) {
        LoomConfig config = web("nat", server("10.0.0.1"), server("10.0.0.2"), server("2001:db8::1"));
        RuntimeState state = FileMerge.merge(RuntimeState.EMPTY, config).state();
        state = Fixtures.edit(config, state).add("", new NewBackend(endpoint("10.0.0.9"), weight)).state();
        state = Fixtures.edit(config, state).weight(1, OptionalInt.of(weight)).state();
        return Fixtures.edit(config, state).remove(2).state();
    }

    private RuntimeStore.Loaded reopened() {
        return new RuntimeStore(data, new Disk.OfFiles()).load();
    }

    @Test
    void whatWasSavedIsThereAfterARestart() {
        assertEquals(RuntimeState.EMPTY, reopened().state());
        new RuntimeStore(data, new Disk.OfFiles()).save(state(30));
        assertEquals(state(30), reopened().state());
        assertEquals(Optional.empty(), reopened().problem());
    }

    /** It knew of the file's entry no more than the weight. */
    @Test
    void whatAnEarlierVersionRemovedStaysRemovedWhateverElseTheEntrySays() throws IOException {
        Files.writeString(data.resolve("runtime.json"), "{\"version\":1,\"next_id\":3,\"runtime_from\":0,\"backends\":["
                + "{\"upstream\":\"default\",\"address\":\"10.0.0.1\",\"port\":80,\"id\":1,\"removed\":true,\"file_weight\":100}]}");
        RuntimeStore.Loaded loaded = reopened();
        assertEquals(Optional.empty(), loaded.problem());
        LoomConfig config = web("nat", server(1, "10.0.0.1"), server("10.0.0.2"));
        RuntimeState merged = FileMerge.merge(loaded.state(), config).state();
        assertEquals(loaded.state().tombstones(), merged.tombstones());
        new RuntimeStore(data, new Disk.OfFiles()).save(merged);
        assertEquals(merged, reopened().state());
    }

    /** Dies before its n-th operation; a death within a write leaves half of it. */
    private static final class DyingDisk implements Disk {
        private final Disk disk = new Disk.OfFiles();
        private int left;

        DyingDisk(int operations) {
            left = operations;
        }

        private static final class Death extends Error {
            private static final long serialVersionUID = 1L;
        }

        private void step() {
            if (left-- == 0) {
                throw new Death();
            }
        }

        @Override
        public Optional<byte[]> read(Path file) throws IOException {
            return disk.read(file);
        }

        @Override
        public void write(Path file, java.nio.ByteBuffer content) throws IOException {
            if (left == 0) {
                disk.write(file, content.slice(0, content.remaining() / 2));
            }
            step();
            disk.write(file, content);
        }

        @Override
        public void rename(Path from, Path to) throws IOException {
            step();
            disk.rename(from, to);
        }

        @Override
        public void force(Path directory) throws IOException {
            step();
            disk.force(directory);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void deathAtAnyStepLeavesTheOldOrTheNewState(int steps) {
        new RuntimeStore(data, new Disk.OfFiles()).save(state(30));
        RuntimeStore dying = new RuntimeStore(data, new DyingDisk(steps));
        assertThrows(DyingDisk.Death.class, () -> dying.save(state(40)), "the save must not be acknowledged");
        boolean renamed = steps == 2;
        assertEquals(renamed ? state(40) : state(30), reopened().state());
        assertEquals(Optional.empty(), reopened().problem());
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "", "{", "[]", "null", "{\"version\":2,\"next_id\":1,\"runtime_from\":0,\"backends\":[]}",
        "{\"version\":1,\"next_id\":1,\"runtime_from\":0,\"backends\":[],\"surprise\":1}",
        "{\"version\":1,\"next_id\":1,\"runtime_from\":0,\"backends\":[{\"upstream\":\"a\",\"address\":\"x\",\"port\":1}]}",
        "{\"version\":1,\"next_id\":3,\"runtime_from\":0,\"backends\":["
            + "{\"upstream\":\"a\",\"address\":\"10.0.0.1\",\"port\":1,\"id\":1},"
            + "{\"upstream\":\"a\",\"address\":\"10.0.0.2\",\"port\":1,\"id\":1}]}",
        "{\"version\":1,\"next_id\":3,\"runtime_from\":0,\"backends\":["
            + "{\"upstream\":\"a\",\"address\":\"10.0.0.1\",\"port\":1,\"removed\":true}]}",
    })
    void anUnreadableFileIsMovedAsideAndTheStartGoesOn(String content) throws IOException {
        Path file = data.resolve("runtime.json");
        Files.writeString(file, content);
        RuntimeStore.Loaded loaded = reopened();
        assertEquals(RuntimeState.EMPTY, loaded.state());
        Problem problem = loaded.problem().orElseThrow();
        assertEquals("LOOM-3502", problem.code());
        assertFalse(problem.why().contains("Source") || problem.why().contains("\n"), problem.why());
        assertFalse(Files.exists(file));
        assertEquals(content, Files.readString(data.resolve("runtime.json.unreadable")));
        Files.writeString(file, content);
        reopened();
        assertTrue(Files.exists(data.resolve("runtime.json.unreadable-1")), "an earlier one is not overwritten");
    }

    /** Reading a pipe waits for a writer, and what has no end takes all memory: neither may keep Loom from starting. */
    @ParameterizedTest
    @CsvSource({
        "mkfifo runtime.json, it is not a plain file", "ln -s /dev/zero runtime.json, it is not a plain file", "mkdir runtime.json, it is not a plain file",
        "truncate -s 67108865 runtime.json, 'it has 67108865 bytes, more than Loom ever writes'"
    })
    @Timeout(30)
    void whatIsNoFileOfLoomsIsMovedAside(String made, String why) throws Exception {
        sh(made);
        RuntimeStore.Loaded loaded = reopened();
        assertEquals(RuntimeState.EMPTY, loaded.state());
        assertEquals("LOOM-3502: " + why, loaded.problem().map(problem -> problem.code() + ": " + problem.why()).orElse(""));
        new RuntimeStore(data, new Disk.OfFiles()).save(state(30));
        assertEquals(state(30), reopened().state());
    }

    @ParameterizedTest
    @ValueSource(strings = {"mkfifo runtime.json.new", "ln -s elsewhere runtime.json.new", "touch elsewhere; ln elsewhere runtime.json.new"})
    @Timeout(30)
    void whatHasTheNextFilesNameIsNotWrittenTo(String made) throws Exception {
        sh(made);
        new RuntimeStore(data, new Disk.OfFiles()).save(state(30));
        assertEquals(state(30), reopened().state());
        assertTrue(Files.isRegularFile(data.resolve("runtime.json"), LinkOption.NOFOLLOW_LINKS));
        assertTrue(Files.notExists(data.resolve("elsewhere")) || Files.size(data.resolve("elsewhere")) == 0);
    }

    private void sh(String command) throws Exception {
        assertEquals(0, new ProcessBuilder("sh", "-c", command).directory(data.toFile()).start().waitFor());
    }

    @Test
    void aDirectoryThatCannotBeWrittenIsAnErrorWithAFix() throws IOException {
        Path file = Files.createFile(data.resolve("not-a-directory"));
        LoomException refused = assertThrows(
                LoomException.class, () -> new RuntimeStore(file, new Disk.OfFiles()).save(state(1)));
        assertEquals("LOOM-3501", refused.code());
    }

    @Test
    void theFileReadsWell() throws IOException {
        new RuntimeStore(data, new Disk.OfFiles()).save(state(30));
        String text = Files.readString(data.resolve("runtime.json"));
        assertTrue(text.contains("\"next_id\" : 5"), text);
        assertTrue(text.contains("\"address\" : \"2001:db8::1\""), text);
        assertEquals(30, state(30).added().get(ref("10.0.0.9")));
    }

    /** Each says what is wrong; the file is then moved aside. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "{\"version\":2,\"next_id\":1,\"runtime_from\":0,\"backends\":[]} | it is not a version 1 document with backends",
        "{\"version\":1,\"next_id\":1,\"runtime_from\":0} | it is not a version 1 document with backends",
        "null | it is not a version 1 document with backends",
        "{\"version\":1,\"next_id\":0,\"runtime_from\":0,\"backends\":[]} | its content contradicts itself: ids begin at 1",
        "{\"version\":1,\"next_id\":1,\"runtime_from\":-1,\"backends\":[]} | its content contradicts itself: ids begin at 1",
        "{\"version\":1,\"next_id\":2,\"runtime_from\":0,\"backends\":[{\"upstream\":\"a\",\"address\":\"10.0.0.1\",\"port\":1,\"id\":0}]}"
            + " | its content contradicts itself: ids begin at 1",
        "{\"version\":1,\"next_id\":2,\"runtime_from\":0,\"backends\":[{\"upstream\":\"a\",\"address\":\"10.0.0.1\",\"port\":1,\"added\":5}]}"
            + " | its content contradicts itself: an added backend has no id",
        "{\"version\":1,\"next_id\":3,\"runtime_from\":0,\"backends\":[{\"upstream\":\"a\",\"address\":\"10.0.0.1\",\"port\":1,\"id\":1},"
            + "{\"upstream\":\"a\",\"address\":\"10.0.0.2\",\"port\":1,\"id\":1}]} | its content contradicts itself: two backends have one id",
        "{\"version\":1,\"next_id\":2,\"runtime_from\":0,\"backends\":[{\"upstream\":\"a\",\"address\":\"web1\",\"port\":1,\"id\":1}]}"
            + " | its content contradicts itself: bad address web1",
    })
    void whatMakesAFileUnreadableIsSaid(String content, String why) throws IOException {
        Files.writeString(data.resolve("runtime.json"), content);
        assertEquals(why, reopened().problem().orElseThrow().why());
    }

    /** Of an entry that has lost its id to another, or that an earlier version wrote. */
    @Test
    void whatIsOverriddenOrRemovedIsStoredWithOrWithoutAnId() throws IOException {
        RuntimeState.FileEntry file = new RuntimeState.FileEntry(100, 0, 7);
        RuntimeState.FileEntry earlier = new RuntimeState.FileEntry(90, RuntimeState.FileEntry.UNKNOWN, RuntimeState.FileEntry.UNKNOWN);
        LayeredMap<ServerRef, RuntimeState.WeightOverride> overrides =
                LayeredMap.of(Map.of(ref("10.0.0.1"), new RuntimeState.WeightOverride(5, file)));
        LayeredMap<ServerRef, RuntimeState.FileEntry> tombstones = LayeredMap.of(Map.of(ref("10.0.0.2"), earlier));
        RuntimeState none = RuntimeState.of(4, 0, Map.of(ref("10.0.0.3"), 3), Map.of(), Map.of(), Map.of());
        for (RuntimeState some : List.of(none.withOverrides(overrides), none.withTombstones(tombstones),
                none.withOverrides(overrides).withTombstones(tombstones))) {
            new RuntimeStore(data, new Disk.OfFiles()).save(some);
            assertEquals(some, reopened().state());
        }
        new RuntimeStore(data, new Disk.OfFiles()).save(none.withTombstones(tombstones));
        assertFalse(Files.readString(data.resolve("runtime.json")).contains("-1"), "what is not known is left out");
    }

    /** Writes down what it does, by the names of files. */
    private static final class RecordingDisk implements Disk {
        private final Disk disk = new Disk.OfFiles();
        private final List<String> steps = new ArrayList<>();

        @Override
        public Optional<byte[]> read(Path file) throws IOException {
            return disk.read(file);
        }

        @Override
        public void write(Path file, java.nio.ByteBuffer content) throws IOException {
            steps.add("write " + file.getFileName());
            disk.write(file, content);
        }

        @Override
        public void rename(Path from, Path to) throws IOException {
            steps.add("rename " + from.getFileName() + " " + to.getFileName());
            disk.rename(from, to);
        }

        @Override
        public void force(Path directory) throws IOException {
            steps.add("force " + directory.getFileName());
            disk.force(directory);
        }
    }

    @Test
    void whatIsDoneIsDurableInThisOrder() throws IOException {
        RecordingDisk disk = new RecordingDisk();
        Path deep = data.resolve("state");
        RuntimeStore store = new RuntimeStore(deep, disk);
        store.save(state(30));
        assertEquals(List.of("force " + data.getFileName(), "write runtime.json.new", "rename runtime.json.new runtime.json", "force state"), disk.steps);
        disk.steps.clear();
        store.save(state(30));
        assertEquals(List.of(), disk.steps, "it is there");
        for (String aside : List.of("", "-1", "-2")) {
            Files.writeString(deep.resolve("runtime.json"), "{");
            disk.steps.clear();
            assertTrue(new RuntimeStore(deep, disk).load().problem().isPresent());
            assertEquals(List.of("rename runtime.json runtime.json.unreadable" + aside, "force state"), disk.steps);
        }
    }
}
