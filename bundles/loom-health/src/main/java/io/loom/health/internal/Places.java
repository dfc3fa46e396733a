package io.loom.health.internal;

import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Places for connections that are being opened, given to upstreams fairly. Each upstream has an equal share that no other can
 * take; what upstreams with few servers do not need of theirs is for all. Of those that wait, the one with the fewest places is next, then
 * the one that has waited for its turn longest. So the silent servers of one upstream, which hold places for a whole timeout, make only
 * each other late. Probing thread only.
 */
final class Places {
    private final Map<String, Lane> lanes = new HashMap<>();
    private final TreeSet<Lane> waiting = new TreeSet<>(
            ((Comparator<Lane>) (one, other) -> Integer.compare(one.open(), other.open()))
                    .thenComparingLong(Lane::turn).thenComparing(Lane::upstream));
    private int limit;
    private int share;
    private int taken;
    /** Of the free ones, those that are somebody's share. */
    private int reserved;
    private long turns;

    /** How many there are. More may be taken for a while after there are fewer. */
    void limit(int places) {
        limit = places;
        divide();
    }

    int limit() {
        return limit;
    }

    int taken() {
        return taken;
    }

    Collection<Lane> lanes() {
        return lanes.values();
    }

    Lane lane(String upstream) {
        return lanes.get(upstream);
    }

    /** Upstreams have these many servers, and those without any are gone; none of the latter has a place or waits. */
    void populate(Map<String, Integer> servers, long now) {
        lanes.keySet().retainAll(servers.keySet());
        servers.forEach((upstream, count) ->
                lanes.computeIfAbsent(upstream, absent -> new Lane(upstream, now)).servers(count));
        divide();
    }

    private void divide() {
        share = limit / Math.max(1, lanes.size());
        reserved = lanes.values().stream().mapToInt(lane -> lane.unused(share)).sum();
    }

    /** Its probe is due. */
    void enter(Watched watched) {
        watched.lane().waiting().add(watched);
        waiting.add(watched.lane());
    }

    boolean waits(Watched watched) {
        return watched.lane().waiting().contains(watched);
    }

    /** It waits no more. */
    void leave(Watched watched) {
        Lane lane = watched.lane();
        lane.waiting().remove(watched);
        if (lane.waiting().isEmpty()) {
            waiting.remove(lane);
        }
    }

    /** The upstream that has most of them. */
    Optional<Lane> largest() {
        return lanes.values().stream().max(Comparator.comparingInt(Lane::open));
    }

    /** The next one to be probed, which has a place now; empty if nobody waits or no place is free for those who do. */
    Optional<Watched> next() {
        if (waiting.isEmpty() || !isFreeFor(waiting.first())) {
            return Optional.empty();
        }
        Lane lane = waiting.pollFirst();
        Watched next = lane.waiting().pollFirst();
        lane.turn(++turns);
        take(lane, 1);
        if (!lane.waiting().isEmpty()) {
            waiting.add(lane);
        }
        return Optional.of(next);
    }

    private boolean isFreeFor(Lane lane) {
        int free = limit - taken;
        return lane.unused(share) > 0 ? free > 0 : free > reserved;
    }

    void release(Lane lane) {
        boolean waits = waiting.remove(lane);
        take(lane, -1);
        if (waits) {
            waiting.add(lane);
        }
    }

    /** The lane is in no order meanwhile: its place there follows from what changes. */
    private void take(Lane lane, int count) {
        reserved -= lane.unused(share);
        lane.open(lane.open() + count);
        taken += count;
        reserved += lane.unused(share);
    }
}
