package io.loom.control.internal;

import io.loom.api.Problem;
import io.loom.api.config.HealthCheck;
import io.loom.api.config.LoomConfig;
import io.loom.api.config.TakenAddresses;
import io.loom.api.config.Upstream;
import io.loom.api.config.Upstream.OnDown;
import io.loom.api.control.BackendView;
import io.loom.api.control.HealthReports;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.LayeredMap;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * All backends that there are: the file's, less the removed ones, with changed weights, and the added ones.
 *
 * @param members ordered by id
 * @param groups  the same by upstream
 * @param orphans added backends whose upstream the file does not have, or whose address it gives to a vip or to nat; they are in {@code members} too
 * @param targets what must be probed, and how
 */
record Inventory(
        List<Member> members, Map<String, List<Member>> groups, List<Problem> orphans, LayeredMap<BackendKey.Server, Member> byServer,
        LayeredMap<HealthReports.Target, HealthCheck> targets) {

    static final Inventory EMPTY = new Inventory(List.of(), List.of());
    private static final Comparator<Member> BY_ID = Comparator.comparingInt(Member::id);

    private Inventory(List<Member> members, List<Problem> orphans) {
        this(members, members.stream().collect(Collectors.groupingBy(Member::upstream)), orphans, byServer(members),
                targets(members));
    }

    Inventory {
        groups = Collections.unmodifiableMap(groups);
        orphans = List.copyOf(orphans);
    }

    private static LayeredMap<BackendKey.Server, Member> byServer(List<Member> members) {
        Map<BackendKey.Server, Member> byServer = new HashMap<>();
        members.forEach(member -> byServer.put(member.server(), member));
        return LayeredMap.of(byServer);
    }

    private static LayeredMap<HealthReports.Target, HealthCheck> targets(List<Member> members) {
        Map<HealthReports.Target, HealthCheck> targets = new HashMap<>();
        members.forEach(member -> member.check().ifPresent(check -> targets.put(member.target(), check)));
        return LayeredMap.of(targets);
    }

    /** @param state merged with this very configuration, so that every server has an id */
    static Inventory of(LoomConfig config, RuntimeState state) {
        List<Member> members = new ArrayList<>();
        Map<String, Upstream> groups = new HashMap<>();
        for (Upstream upstream : config.upstreams()) {
            groups.put(upstream.name(), upstream);
            long group = BackendKey.group(upstream.name());
            for (Upstream.Server server : upstream.servers()) {
                ServerRef ref = new ServerRef(upstream.name(), server.endpoint());
                if (!state.tombstones().containsKey(ref)) {
                    members.add(ofFile(group, ref, server, upstream, state));
                }
            }
        }
        List<Problem> orphans = new ArrayList<>();
        TakenAddresses taken = new TakenAddresses(config.vips(), config.nat().sourceAddresses());
        new TreeMap<>(state.added()).forEach((ref, weight) -> {
            Optional<Upstream> group = Optional.ofNullable(groups.get(ref.upstream()));
            Optional<String> owner = taken.owner(ref.endpoint().address());
            members.add(added(ref, weight, group, state, owner));
            if (group.isEmpty()) {
                orphans.add(ControlProblem.orphan(ref, state.ids().get(ref)));
            }
            owner.ifPresent(whose -> orphans.add(ControlProblem.atOwnAddress(ref, state.ids().get(ref), whose)));
        });
        members.sort(BY_ID);
        return new Inventory(Collections.unmodifiableList(members), orphans);
    }

    private static Member ofFile(long group, ServerRef ref, Upstream.Server server, Upstream upstream, RuntimeState state) {
        RuntimeState.WeightOverride override = state.overrides().get(ref);
        return new Member(
                state.ids().get(ref), group, ref,
                override == null ? server.weight() : override.weight(),
                BackendView.Source.FILE, override != null,
                server.probed() ? upstream.check() : Optional.empty(), server.maxConnections(), upstream.onDown(), Optional.empty());
    }

    private static Member added(ServerRef ref, int weight, Optional<Upstream> group, RuntimeState state, Optional<String> owner) {
        return new Member(
                state.ids().get(ref), BackendKey.group(ref.upstream()), ref, weight, BackendView.Source.RUNTIME, false,
                group.flatMap(Upstream::check), 0, group.map(Upstream::onDown).orElse(OnDown.MOVE), owner);
    }

    /**
     * What {@link #of} makes of a state that differs from this one's in these servers alone, with the same file. What a change
     * does not concern stays the same objects: of thousands it concerns one.
     */
    Inventory with(Set<ServerRef> changed, LoomConfig config, RuntimeState state) {
        Inventory next = this;
        for (ServerRef ref : changed) {
            Optional<Upstream> upstream = config.upstreams().stream().filter(one -> one.name().equals(ref.upstream())).findFirst();
            if (upstream.isEmpty() || !orphans.isEmpty()) {
                return of(config, state); // it is told of each orphan, which the change may be the end of
            }
            next = next.with(ref, member(ref, upstream.get(), state));
        }
        return next;
    }

    private static Optional<Member> member(ServerRef ref, Upstream upstream, RuntimeState state) {
        if (state.added().containsKey(ref)) {
            return Optional.of(added(ref, state.added().get(ref), Optional.of(upstream), state, Optional.empty())); // an orphan else
        }
        return upstream.servers().stream()
                .filter(server -> server.endpoint().equals(ref.endpoint()) && !state.tombstones().containsKey(ref)).findFirst()
                .map(server -> ofFile(BackendKey.group(upstream.name()), ref, server, upstream, state));
    }

    private Inventory with(ServerRef ref, Optional<Member> next) {
        Optional<Member> before =
                Optional.ofNullable(byServer.get(new BackendKey.Server(BackendKey.group(ref.upstream()), ref.endpoint())));
        if (before.equals(next)) {
            return this;
        }
        Map<String, List<Member>> lists = new HashMap<>(groups);
        List<Member> group = replaced(of(ref.upstream()), before, next);
        lists.put(ref.upstream(), group);
        if (group.isEmpty()) {
            lists.remove(ref.upstream());
        }
        Member either = next.or(() -> before).orElseThrow();
        return new Inventory(replaced(members, before, next), lists, orphans, byServer.with(Map.of(either.server(), next)),
                targets.with(Map.of(either.target(), next.flatMap(Member::check))));
    }

    /** In the order of their ids. */
    private static List<Member> replaced(List<Member> members, Optional<Member> before, Optional<Member> next) {
        List<Member> changed = new ArrayList<>(members);
        before.ifPresent(member -> changed.remove(Collections.binarySearch(changed, member, BY_ID)));
        next.ifPresent(member -> changed.add(-Collections.binarySearch(changed, member, BY_ID) - 1, member));
        return Collections.unmodifiableList(changed);
    }

    List<Member> of(String upstream) {
        return groups.getOrDefault(upstream, List.of());
    }

    Optional<Member> member(int id) {
        int low = 0;
        int high = members.size() - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            if (members.get(middle).id() == id) {
                return Optional.of(members.get(middle));
            }
            boolean above = members.get(middle).id() < id;
            low = above ? middle + 1 : low;
            high = above ? high : middle - 1;
        }
        return Optional.empty();
    }
}
