package io.loom.datapath.internal;

import static io.loom.datapath.internal.TestHost.DEVICE;
import static io.loom.datapath.internal.TestHost.await;
import static io.loom.datapath.internal.TestHost.config;
import static io.loom.datapath.internal.TestHost.ip;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.LoomException;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.MapType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Pins that somebody removes or replaces, while an instance runs and while none does. */
class PinsTest extends DataPlaneFixture {
    private static final boolean FULL = Boolean.getBoolean("loom.full");
    /** Every pin, and the kernel's number of what it pins. */
    private static Map<String, String> tree() throws IOException {
        Map<String, String> tree = new TreeMap<>();
        try (Stream<Path> all = Files.walk(ROOT)) {
            for (Path path : all.filter(Files::isRegularFile).toList()) {
                String name = ROOT.relativize(path).toString();
                tree.put(name, name.startsWith("maps") ? String.valueOf(PinKeeper.mapAt(path)) : "");
            }
        }
        return tree;
    }

    private static void removeTree() throws IOException {
        try (Stream<Path> all = Files.walk(ROOT)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    private static boolean isBack(Map<String, String> before) {
        try {
            return tree().equals(before);
        } catch (IOException | RuntimeException underway) {
            return false;
        }
    }

    private Map<String, String> balanced() throws Exception {
        balance(plane);
        runSyn();
        // The first swap, which the plugins caused, is over.
        await("the program is settled", () -> {
            Map<String, String> tree = tree();
            Thread.sleep(500);
            return tree.equals(tree());
        });
        return tree();
    }

    /** Removed, all that was there comes back, and the next process goes on with it. */
    @Test
    void aTreeThatIsRemovedUnderARunningInstanceIsPinnedAgain() throws Exception {
        Map<String, String> before = balanced();
        int[] table = entries(0);
        int program = plane.program().id();
        removeTree();
        await("all is back", () -> isBack(before));
        await("no problem is left", () -> plane.problems().stream().noneMatch(problem -> problem.code().equals("LOOM-1291")));
        assertEquals(List.of(ints(table)), List.of(ints(entries(0))));
        plane.close();
        plane = open();
        plane.configure(config(DEVICE));
        assertEquals(program, plane.program().id(), "adopted");
        assertEquals("native", plane.program().attachments().get(0).mode());
        assertEquals(1, plane.read().connectionsActive());
    }

    private static String ints(int[] values) {
        return java.util.Arrays.toString(values);
    }

    @Test
    void everySinglePinComesBack() throws Exception {
        Map<String, String> before = balanced();
        for (String name : List.of("maps/loom_conns4", "maps/loom_meta", "maps/nat_pairs4", "prog", "tables/0", "links/lb%2E0")) {
            assertTrue(before.containsKey(name), name + " in " + before.keySet());
            Files.delete(ROOT.resolve(name));
            await(name + " is back", () -> isBack(before));
        }
    }

    @Test
    void whatIsInThePlaceOfAPinGoes() throws Exception {
        Map<String, String> before = balanced();
        Path pin = ROOT.resolve("maps/loom_backends");
        Files.delete(pin);
        try (BpfMap other = BpfMap.create(MapType.HASH, "loom_backends", 4, 4, 1, 0)) {
            other.pin(pin);
        }
        await("another map", () -> isBack(before));
        Files.delete(pin);
        Files.createDirectory(pin);
        await("a directory", () -> isBack(before));
        Files.delete(ROOT.resolve("prog"));
        try (BpfMap other = BpfMap.create(MapType.HASH, "x", 4, 4, 1, 0)) {
            other.pin(ROOT.resolve("prog"));
        }
        await("a map in the program's place", () -> isBack(before) && plane.program().id() == programAt("prog"));
    }

    private static int programAt(String name) {
        try (io.loom.libbpf.BpfProgram program = io.loom.libbpf.BpfProgram.open(ROOT.resolve(name))) {
            return program.id();
        }
    }

    @Test
    void whatCannotBePutBackIsAProblemUntilItIs() throws Exception {
        Map<String, String> before = balanced();
        Path pin = ROOT.resolve("maps/loom_backends");
        Files.delete(pin);
        Files.createDirectory(pin);
        Files.createDirectory(pin.resolve("full"));
        await("the problem", () -> plane.problems().stream().anyMatch(problem -> problem.code().equals("LOOM-1291")));
        Files.delete(pin.resolve("full"));
        await("all is back", () -> isBack(before));
        await("no problem is left", () -> plane.problems().stream().noneMatch(problem -> problem.code().equals("LOOM-1291")));
    }

    private static void sh(String... command) throws Exception {
        assertEquals(0, new ProcessBuilder(command).inheritIO().start().waitFor());
    }

    @Test
    void aBpffsThatIsUnmountedIsAProblemUntilOneIsMounted() throws Exception {
        Map<String, String> before = balanced();
        sh("umount", "-l", TestHost.BPFFS.toString());
        try {
            await("the problem", () -> plane.problems().stream().anyMatch(problem ->
                    problem.code().equals("LOOM-1291") && problem.toString().contains("mount -t bpf bpf")));
            assertFalse(Files.exists(ROOT), "nothing is made on another file system");
        } finally {
            sh("mount", "-t", "bpf", "bpf", TestHost.BPFFS.toString());
        }
        await("all is back", () -> isBack(before));
        await("no problem is left", () -> plane.problems().stream().noneMatch(problem -> problem.code().equals("LOOM-1291")));
    }

    /** Nothing is touched: what is pinned forwards on, and the way out is said. */
    static Stream<String> missing() {
        return FULL ? Stream.of("maps/loom_conns4", "maps/nat_pairs4", "maps/loom_meta", "prog") : Stream.of("maps/loom_meta", "prog");
    }

    @ParameterizedTest
    @MethodSource("missing")
    void aStartOnAnIncompleteTreeIsRefused(String name) throws Exception {
        balanced();
        plane.close();
        Files.delete(ROOT.resolve(name));
        refusedUntouched(name.replaceFirst(".*/", ""));
    }

    private void refusedUntouched(String named) throws Exception {
        Map<String, String> before = tree();
        BlockingQueue<Integer> exits = new LinkedBlockingQueue<>();
        plane = new KernelDataPlane(TestHost.BPFFS, "test", Path.of("target/lock"), new Ending(exits::add));
        LoomException refused = assertThrows(LoomException.class, () -> plane.configure(config(DEVICE)));
        assertEquals("LOOM-5106", refused.code());
        assertTrue(refused.getMessage().contains(named) && refused.getMessage().contains("loomd --detach"), refused.getMessage());
        assertEquals(78, exits.poll(10, TimeUnit.SECONDS));
        assertEquals(before, tree(), "nothing was touched");
        plane.close();
        Takedown.run(TestHost.BPFFS, "test", Path.of("target/lock"));
        assertFalse(Files.exists(ROOT));
        plane = open();
        plane.configure(config(DEVICE));
        balance(plane);
    }

    /** One of the right kind and size is as wrong as any: the program has another. */
    @Test
    void aStartWithAnotherMapUnderTheNameIsRefused() throws Exception {
        balanced();
        plane.close();
        Path pin = ROOT.resolve("maps/loom_backends");
        MapType type;
        int[] sizes;
        try (BpfMap real = BpfMap.open(pin)) {
            type = real.type();
            sizes = new int[] {real.keySize(), real.valueSize(), real.maxEntries()};
        }
        Files.delete(pin);
        try (BpfMap other = BpfMap.create(type, "loom_backends", sizes[0], sizes[1], sizes[2], 0)) {
            other.pin(pin);
        }
        refusedUntouched("loom_backends");
    }

    @Test
    void aDirectoryInThePlaceOfTheMetaMapIsRefused() throws Exception {
        balanced();
        plane.close();
        Files.delete(ROOT.resolve("maps/loom_meta"));
        Files.createDirectory(ROOT.resolve("maps/loom_meta"));
        BlockingQueue<Integer> exits = new LinkedBlockingQueue<>();
        plane = new KernelDataPlane(TestHost.BPFFS, "test", Path.of("target/lock"), new Ending(exits::add));
        assertEquals("LOOM-5106", assertThrows(LoomException.class, () -> plane.configure(config(DEVICE))).code());
        Files.delete(ROOT.resolve("maps/loom_meta"));
    }

    /** The way out of a broken instance must not be in the way itself. */
    @Test
    void whatSomebodyElsePutAmongThePinsIsLeftAndNamed() throws Exception {
        balanced();
        plane.close();
        Files.delete(ROOT.resolve("maps/loom_meta"));
        List<Path> foreign = List.of(ROOT.resolve("theirs"), ROOT.resolve("maps/loom_meta"), ROOT.resolve("links/theirs"));
        for (Path one : foreign) {
            Files.createDirectory(one);
        }
        Path noLink = ROOT.resolve("links/nolink");
        try (BpfMap other = BpfMap.create(MapType.ARRAY, "theirs", 4, 4, 1, 0)) {
            other.pin(noLink);
        }
        List<String> done = Takedown.run(TestHost.BPFFS, "test", Path.of("target/lock"));
        assertEquals(List.of(
                "left " + ROOT.resolve("maps") + ": [loom_meta] is not Loom's",
                "left " + ROOT.resolve("links") + ": [nolink, theirs] is not Loom's",
                "left " + ROOT + ": [links, maps, theirs] is not Loom's"), done.subList(done.size() - 3, done.size()));
        assertTrue(done.contains("detached from lb.0"), done::toString);
        assertTrue(done.contains("left " + noLink + ", which is no link"), done::toString);
        assertFalse(ip("link show dev " + DEVICE).contains("xdp"));
        Files.delete(noLink);
        for (Path one : foreign) {
            Files.delete(one);
        }
        assertEquals("removed " + ROOT, Takedown.run(TestHost.BPFFS, "test", Path.of("target/lock")).get(0));
        assertFalse(Files.exists(ROOT));
    }

    /** The program left the interface with its link: it is put there again, and connections are still known. */
    @Test
    void aLostLinkIsMadeAnewAtTheStart() throws Exception {
        balanced();
        plane.close();
        Files.delete(ROOT.resolve("links/lb%2E0"));
        plane = open();
        plane.configure(config(DEVICE));
        assertEquals("native", plane.program().attachments().get(0).mode());
        assertEquals(1, plane.read().connectionsActive());
    }

    /** What a process leaves that is killed in its first second. */
    static IntStream halves() {
        return FULL ? IntStream.of(0, 5) : IntStream.of(5);
    }

    @ParameterizedTest
    @MethodSource("halves")
    void aHalfMadeTreeStartsByItself(int maps) throws Exception {
        balanced();
        plane.close();
        try (Meta meta = Meta.open(ROOT.resolve("maps/loom_meta"))) {
            Instance.markIncomplete(meta);
        }
        List<Path> pins = new ArrayList<>(PinTree.pins(ROOT.resolve("maps")));
        pins.remove(ROOT.resolve("maps/loom_meta"));
        for (Path later : pins.subList(Math.min(maps, pins.size()), pins.size())) {
            Files.delete(later);
        }
        Files.delete(ROOT.resolve("prog"));
        plane = open();
        plane.configure(config(DEVICE));
        balance(plane);
        runSyn();
        await("a sweep", () -> plane.read().connectionsActive() == 1);
    }

    @Test
    void aSecondProcessEndsWithItsStatusAndTheFirstGoesOn() throws Exception {
        balance(plane);
        BlockingQueue<Integer> exits = new LinkedBlockingQueue<>();
        KernelDataPlane second = new KernelDataPlane(TestHost.BPFFS, "test", Path.of("target/lock"), new Ending(exits::add));
        assertEquals("LOOM-5101", assertThrows(LoomException.class, () -> second.configure(config(DEVICE))).code());
        assertEquals(75, exits.poll(10, TimeUnit.SECONDS));
        second.close();
        runSyn();
        await("a sweep", () -> plane.read().connectionsActive() == 1);
    }
}
