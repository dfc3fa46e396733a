package io.loom.health.internal;

import io.loom.api.Problem;
import io.loom.api.control.Probing.UpstreamUse;
import io.loom.api.control.Probing.Use;
import io.loom.health.internal.Lateness.Cause;
import io.loom.health.internal.Lateness.Delay;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** How the probes fare, counted now and then by the probing thread for status and metrics; and how many places there are. */
final class Tally {
    /** Between two counts, in nanoseconds: 500 ms. */
    static final long PAUSE = 500_000_000L;
    /** For so long there are fewer places after the host had no descriptor for one: 10 s. */
    static final long SHRUNK = 10_000_000_000L;

    private record Late(Lane lane, Delay delay) {}

    private final Places places;
    private final Shortages shortages;
    private final Descriptors descriptors;
    private int atMost = Integer.MAX_VALUE;
    private long shrunkUntil;
    private String taken = "";

    private volatile Use use = new Use(0, List.of());
    private volatile List<Problem> problems = List.of();

    Tally(Places places, Shortages shortages, Descriptors descriptors) {
        this.places = places;
        this.shortages = shortages;
        this.descriptors = descriptors;
    }

    /** As of the last count. Any thread. */
    Use use() {
        return use;
    }

    /** As of the last count. Any thread. */
    List<Problem> problems() {
        return problems;
    }

    /** The host had no descriptor for more than these. */
    void atMost(int count, long now) {
        atMost = Math.max(1, count);
        shrunkUntil = now + SHRUNK;
        places.limit(Math.min(atMost, places.limit()));
    }

    void take(long now) {
        List<UpstreamUse> uses = new ArrayList<>();
        List<Late> late = new ArrayList<>();
        boolean anyWaits = false;
        for (Lane lane : places.lanes()) {
            anyWaits |= waitsTooLong(lane, now);
            Delay worst = lane.lateness().worst(now);
            uses.add(new UpstreamUse(lane.upstream(), lane.servers(), lane.open(), lane.waiting().size(), worst.nanos()));
            if (worst.matters()) {
                late.add(new Late(lane, worst));
            }
        }
        if (anyWaits) {
            places.largest().ifPresent(holder -> taken = HealthProblem.allPlacesTaken(places, holder));
        }
        uses.sort(Comparator.comparing(UpstreamUse::upstream));
        // Last, because what was late until now was so with the places that there were.
        if (now - shrunkUntil >= 0) {
            atMost = Integer.MAX_VALUE;
        }
        places.limit(Math.min(atMost, descriptors.places()));
        use = new Use(places.limit(), uses);
        List<Problem> found = new ArrayList<>(late(late));
        shortages.recent(now).map(HealthProblem::shortage).ifPresent(found::add);
        problems = found;
    }

    /** One that still waits is late too. */
    private static boolean waitsTooLong(Lane lane, long now) {
        if (lane.waiting().isEmpty()) {
            return false;
        }
        Watched first = lane.waiting().first();
        Delay delay = first.delay(now);
        lane.lateness().add(delay, first.check().interval().toNanos());
        return delay.matters();
    }

    private List<Problem> late(List<Late> all) {
        Map<Cause, List<Late>> byCause = new EnumMap<>(Cause.class);
        all.sort(Comparator.comparingLong((Late late) -> late.delay().nanos()).reversed()
                .thenComparing(late -> late.lane().upstream()));
        all.forEach(late -> byCause.computeIfAbsent(late.delay().cause(), absent -> new ArrayList<>()).add(late));
        List<Problem> found = new ArrayList<>();
        byCause.forEach((cause, lanes) -> found.add(problem(cause, lanes)));
        return List.copyOf(found);
    }

    private Problem problem(Cause cause, List<Late> lanes) {
        List<String> names = lanes.stream().map(late -> late.lane().upstream()).toList();
        long nanos = lanes.get(0).delay().nanos();
        return switch (cause) {
            case PLACES -> HealthProblem.late(names, nanos, taken, HealthProblem.morePlaces());
            case SHORTAGE -> HealthProblem.late(names, nanos, "this host could not open connections for them",
                    "see LOOM-3531 in the log and the status");
            case THREAD -> HealthProblem.late(names, nanos, "the thread of the health checks did not get to them in time",
                    "give loomd more of a processor");
        };
    }
}
