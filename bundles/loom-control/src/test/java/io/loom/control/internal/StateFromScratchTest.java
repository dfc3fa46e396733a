package io.loom.control.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.api.control.HealthReports.Report;
import io.loom.api.control.HealthReports.Target;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whatever has happened before, what is in force is what a start from nothing comes to with the same file, runtime changes, probes and plugins; and where something
 * is missing, in whose place other things stay in force, what a start over the same kernel leaves as it is.
 */
class StateFromScratchTest {
    private static final int SEQUENCES = 12;
    private static final int STEPS = 60;
    /** The file is asked for ids again when it is read again. */
    private static final String ID_TAKEN = "LOOM-3508";

    @TempDir
    Path directory;

    private final Outcome outcome = new Outcome("pool0", "pool1", "pool2", "pool3");
    private final List<String> events = new ArrayList<>();
    private int starts;

    @Test
    void itIsThatOfAStartFromNothing() throws IOException {
        for (int seed = 1; seed <= SEQUENCES; seed++) {
            run(seed);
        }
    }

    private void run(int seed) throws IOException {
        Random random = new Random(seed);
        events.clear();
        Path data = directory();
        RandomEvents here = new RandomEvents(data, random);
        try {
            events.add(here.load());
            for (int step = 0; step < STEPS; step++) {
                events.add(here.next());
                if (random.nextInt(6) == 0) {
                    compare(here, data, random.nextBoolean());
                }
            }
        } catch (RuntimeException | AssertionError failure) {
            throw new AssertionError("seed " + seed + ":\n" + String.join("\n", events) + "\n" + failure.getMessage(), failure);
        }
    }

    private Path directory() throws IOException {
        return Files.createDirectory(directory.resolve(String.valueOf(starts++)));
    }

    private void compare(RandomEvents here, Path data, boolean mended) throws IOException {
        events.add(mended ? "--- all is there" : "--- it stays as it is");
        here.allow();
        if (mended) {
            here.mend();
        }
        settle(here.bench);
        answer(here);
        settle(here.bench);
        if (here.bench.seen.warnings().stream().anyMatch(warning -> warning.code().equals(ID_TAKEN))) {
            here.bench.load(here.config);
            settle(here.bench);
        }
        Path copy = directory();
        Files.copy(data.resolve("runtime.json"), copy.resolve("runtime.json"));
        FakeDataPlane plane = plane(here, mended);
        Bench fresh = started(here, plane, copy);
        assertEquals("", difference(lines(fresh, plane, copy, mended), lines(here.bench, here.plane, data, mended)));
        if (!mended) {
            assertEquals(List.of(), plane.changes);
        }
    }

    /** Until what was refused is tried again, no next hop is waited for, and nothing drains any more. */
    private static void settle(Bench bench) {
        bench.pass(Duration.ofSeconds(6));
        for (int i = 0; i < 2; i++) {
            bench.stall(Duration.ofNanos(Drains.DEADLINE));
            bench.round();
        }
    }

    /**
     * Of each server there is a report: without one, what the kernel had before decides. Those without a next hop are up, as one that was never
     * reachable is not taken for one that is down, but one that was is.
     */
    private static void answer(RandomEvents here) {
        FakeHealth probes = here.bench.probes;
        for (Target target : probes.targets.keySet()) {
            if (!probes.told.containsKey(target) || here.plane.unknownHops.stream().anyMatch(key -> key.endpoint().equals(target.endpoint()))) {
                probes.tell(new Report(target, true, ""));
            }
        }
    }

    private static FakeDataPlane plane(RandomEvents here, boolean empty) {
        FakeDataPlane plane = RandomEvents.plane();
        if (!empty) {
            plane.startFrom(here.plane.applied());
        }
        plane.methods.keySet().retainAll(here.plane.methods.keySet());
        plane.methods.putAll(here.plane.methods);
        plane.algorithms.retainAll(here.plane.algorithms);
        plane.protocols.retainAll(here.plane.protocols);
        plane.gone.addAll(here.plane.gone);
        plane.unbuilt.putAll(here.plane.unbuilt);
        plane.addresses.addAll(here.plane.addresses);
        plane.unknownHops.addAll(here.plane.unknownHops);
        return plane;
    }

    private static Bench started(RandomEvents here, FakeDataPlane plane, Path data) {
        Bench fresh = new Bench(data, plane);
        fresh.own.addAll(here.bench.own);
        fresh.load(here.config);
        fresh.probes.targets.keySet().forEach(target -> fresh.probes.tell(here.bench.probes.told.getOrDefault(target, new Report(target, true, ""))));
        settle(fresh);
        return fresh;
    }

    /**
     * Without what tells of the past: once ready it stays so, who drains over a table of unknown content is probed on, and of the vips
     * of a table that was not built the first is named of those that had the same one before.
     */
    private List<String> lines(Bench bench, FakeDataPlane plane, Path data, boolean mended) {
        return outcome.lines(bench, plane, data).stream()
                .filter(line -> !line.startsWith("waits for") && (mended || !line.startsWith("probed")))
                .map(line -> line.replaceAll("no table of vip \\w+", "no table")).toList();
    }

    private static String difference(List<String> fresh, List<String> here) {
        List<String> lines = new ArrayList<>();
        fresh.stream().filter(line -> !here.contains(line)).forEach(line -> lines.add("from nothing: " + line));
        here.stream().filter(line -> !fresh.contains(line)).forEach(line -> lines.add("here: " + line));
        return lines.isEmpty() && !fresh.equals(here) ? "in another order: " + fresh + " and " + here : String.join("\n", lines);
    }
}
