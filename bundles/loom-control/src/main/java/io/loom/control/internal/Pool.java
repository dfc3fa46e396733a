package io.loom.control.internal;

import io.loom.api.Family;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.DataPlane.MethodView;
import io.loom.control.dataplane.LayeredSet;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;

/**
 * The backends of an upstream as listeners of one family reach them by one method, at one moment: looked at once for all vips that
 * have these in common. Of the pool before it, what has not changed is taken over as the same objects, so that who goes by them need not
 * look at thousands.
 *
 * @param places    of all of them, by id
 * @param keys      of all of them
 * @param weights   of those that get new connections
 * @param marks     of them in the kernel
 * @param expecting one that should get them may have a next hop in a moment
 * @param unusable  those that get none
 */
record Pool(
        List<Place> places, LayeredSet<BackendKey> keys, SortedMap<BackendKey, Integer> weights, Marks marks, boolean expecting,
        Unusable unusable) {

    static final Pool NONE =
            new Pool(List.of(), LayeredSet.empty(), Collections.emptySortedMap(), new Marks(Set.of(), Set.of()), false, new Unusable());

    /** @param weight in the table; 0: not in it */
    record Place(Member member, BackendKey key, int weight) {}

    /**
     * @param down     whose connections must choose anew
     * @param draining that get no new ones: without weight, or down with connections to be kept
     */
    record Marks(Set<BackendKey> down, Set<BackendKey> draining) {
        void add(Marks others) {
            if (!others.down.isEmpty() || !others.draining.isEmpty()) { // thousands have none
                down.addAll(others.down);
                draining.addAll(others.draining);
            }
        }

        void add(Member member, BackendKey key, boolean isDown) {
            if (isDown && !member.keepsConnections()) {
                down.add(key);
            }
            if (member.weight() == 0 || isDown && member.keepsConnections()) {
                draining.add(key);
            }
        }
    }

    Pool {
        weights = Collections.unmodifiableSortedMap(weights);
    }

    /** @param before of the same upstream, family and method */
    static Pool of(
            Pool before, List<Member> members, Family family, String method, MethodView view, Health health, NextHops hops) {
        return new PoolBuild(before, method, health, hops).of(candidates(members, family, view));
    }

    /**
     * Those of the vip's own family, or of the other one if there are none: who lists servers by both of their addresses has
     * set them up for the first, and each must not count twice.
     */
    private static List<Member> candidates(List<Member> members, Family family, MethodView view) {
        Set<Family> reachable = view.pairs().getOrDefault(family, Set.of());
        boolean own = reachable.contains(family)
                && members.stream().anyMatch(member -> member.endpoint().family() == family);
        if (members.stream().allMatch(member -> member.endpoint().family() == family)) {
            return own ? members : List.of();
        }
        return members.stream()
                .filter(member -> own ? member.endpoint().family() == family : reachable.contains(member.endpoint().family()))
                .toList();
    }
}
