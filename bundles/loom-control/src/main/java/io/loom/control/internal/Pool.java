package io.loom.control.internal;

import io.loom.api.Family;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.DataPlane.MethodView;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The backends of an upstream as listeners of one family reach them by one method, at one moment: looked at once for all vips that
 * have these in common.
 *
 * @param keys      of all of them
 * @param weights   of those that get new connections
 * @param expecting one that should get them may have a next hop in a moment
 * @param down      how many are
 * @param resolving how many would get connections if their next hop were known
 * @param draining  how many are neither
 */
record Pool(Set<BackendKey> keys, SortedMap<BackendKey, Integer> weights, boolean expecting, int down, int resolving, int draining) {

    Pool {
        keys = Collections.unmodifiableSet(keys);
        weights = Collections.unmodifiableSortedMap(weights);
    }

    /** @param group of the upstream, see {@link BackendKey#group} */
    static Pool of(
            long group, List<Member> members, Family family, String method, MethodView view, Health health, NextHops hops) {
        Set<BackendKey> keys = new HashSet<>();
        SortedMap<BackendKey, Integer> weights = new TreeMap<>();
        boolean expecting = false;
        int down = 0;
        int resolving = 0;
        List<Member> candidates = candidates(members, family, view);
        for (Member member : candidates) {
            BackendKey key = new BackendKey(group, member.endpoint(), method);
            keys.add(key);
            boolean isDown = health.down(member).isPresent();
            boolean wanted = member.weight() > 0 && !isDown;
            boolean known = hops.known(key);
            if (wanted && known) {
                weights.put(key, member.weight());
            }
            expecting |= wanted && hops.expected(key);
            // A server that was never reachable counts as such although its probes fail: they cannot but fail.
            boolean lacksHop = member.weight() > 0 && hops.unmet().contains(key) || wanted && !known;
            resolving += lacksHop ? 1 : 0;
            down += isDown && !lacksHop ? 1 : 0;
        }
        return new Pool(keys, weights, expecting, down, resolving, candidates.size() - down - resolving);
    }

    /**
     * Those of the vip's own family, or of the other one if there are none: who lists servers by both of their addresses has
     * set them up for the first, and each must not count twice.
     */
    private static List<Member> candidates(List<Member> members, Family family, MethodView view) {
        Set<Family> reachable = view.pairs().getOrDefault(family, Set.of());
        boolean own = reachable.contains(family)
                && members.stream().anyMatch(member -> member.endpoint().family() == family);
        return members.stream()
                .filter(member -> own ? member.endpoint().family() == family : reachable.contains(member.endpoint().family()))
                .toList();
    }
}
