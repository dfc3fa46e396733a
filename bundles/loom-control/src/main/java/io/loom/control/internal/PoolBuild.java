package io.loom.control.internal;

import io.loom.api.control.BackendView.State;
import io.loom.control.dataplane.BackendKey;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Makes one pool out of the one before it: both are ordered by id, so that they are walked through side by side. */
final class PoolBuild {
    private final Pool before;
    private final String method;
    private final Health health;
    private final NextHops hops;

    private final List<Pool.Place> places = new ArrayList<>();
    private final SortedMap<BackendKey, Integer> weights;
    /** Put into the weights after everybody who leaves: a server may come back under another id. */
    private final List<Pool.Place> weighed = new ArrayList<>();
    private final Pool.Marks marks = new Pool.Marks(new HashSet<>(), new HashSet<>());
    /** Of {@link Pool#places} of the pool before, how many are behind the one that is looked at. */
    private int passed;
    /** Backends that come, true, or leave. */
    private final Map<BackendKey, Boolean> changed = new HashMap<>();
    private boolean expecting;
    private final Unusable unusable = new Unusable();

    PoolBuild(Pool before, String method, Health health, NextHops hops) {
        this.before = before;
        this.method = method;
        this.health = health;
        this.hops = hops;
        this.weights = new TreeMap<>(before.weights());
    }

    /** @param candidates ordered by id */
    Pool of(List<Member> candidates) {
        candidates.forEach(this::add);
        passUntil(Integer.MAX_VALUE);
        weighed.forEach(place -> weights.put(place.key(), place.weight()));
        return new Pool(places, before.keys().with(changed), weights, marks, expecting, unusable);
    }

    private void add(Member member) {
        Optional<Pool.Place> earlier = earlier(member);
        BackendKey key = earlier.map(Pool.Place::key).orElseGet(() -> new BackendKey(member.server(), method));
        boolean isDown = health.down(member).isPresent();
        boolean wanted = member.weight() > 0 && !isDown;
        boolean known = hops.known(key);
        int weight = wanted && known ? member.weight() : 0;
        if (earlier.isEmpty()) {
            changed.put(key, true);
        }
        Pool.Place place = earlier.filter(same -> same.member() == member && same.weight() == weight)
                .orElseGet(() -> new Pool.Place(member, key, weight));
        places.add(place);
        if (weight != earlier.map(Pool.Place::weight).orElse(0)) {
            weigh(place);
        }
        marks.add(member, key, isDown);
        expecting |= wanted && hops.expected(key);
        // A server that was never reachable counts as such although its probes fail: they cannot but fail.
        boolean lacksHop = member.weight() > 0 && hops.unmet().contains(key) || wanted && !known;
        if (lacksHop || isDown || member.weight() == 0) {
            unusable.add(lacksHop ? State.RESOLVING : isDown ? State.DOWN : State.DRAIN, member.endpoint());
        }
    }

    /** Where the same server was. Who was before it and is no candidate any more leaves. */
    private Optional<Pool.Place> earlier(Member member) {
        passUntil(member.id());
        if (passed < before.places().size() && before.places().get(passed).member().id() == member.id()) {
            Pool.Place place = before.places().get(passed);
            if (place.member().server().equals(member.server())) {
                passed++;
                return Optional.of(place);
            }
            passUntil(member.id() + 1);
        }
        return Optional.empty();
    }

    private void passUntil(int id) {
        for (; passed < before.places().size() && before.places().get(passed).member().id() < id; passed++) {
            weights.remove(before.places().get(passed).key());
            changed.putIfAbsent(before.places().get(passed).key(), false);
        }
    }

    private void weigh(Pool.Place place) {
        if (place.weight() > 0) {
            weighed.add(place);
        } else {
            weights.remove(place.key());
        }
    }
}
