package io.loom.control.internal;

import io.loom.api.Problem;
import io.loom.api.config.HealthCheck;
import io.loom.api.config.LoomConfig;
import io.loom.api.config.Upstream;
import io.loom.api.config.Upstream.OnDown;
import io.loom.api.control.BackendView;
import io.loom.api.control.HealthReports;
import io.loom.control.dataplane.BackendKey;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * All backends that there are: the file's, less the removed ones, with changed weights, and the added ones.
 *
 * @param members ordered by id
 * @param groups  the same by upstream
 * @param orphans added backends whose upstream the file does not have; they are in {@code members} too
 * @param targets what must be probed, and how
 */
record Inventory(
        List<Member> members, Map<String, List<Member>> groups, List<Problem> orphans, Map<BackendKey.Server, Member> byServer,
        Map<HealthReports.Target, HealthCheck> targets) {

    static final Inventory EMPTY = new Inventory(List.of(), List.of());

    Inventory(List<Member> members, List<Problem> orphans) {
        this(members, members.stream().collect(Collectors.groupingBy(Member::upstream)), orphans, byServer(members),
                targets(members));
    }

    Inventory {
        members = List.copyOf(members);
        groups = Collections.unmodifiableMap(groups);
        orphans = List.copyOf(orphans);
        byServer = Collections.unmodifiableMap(byServer);
        targets = Collections.unmodifiableMap(targets);
    }

    private static Map<BackendKey.Server, Member> byServer(List<Member> members) {
        Map<BackendKey.Server, Member> byServer = new HashMap<>();
        members.forEach(member -> byServer.put(member.server(), member));
        return byServer;
    }

    private static Map<HealthReports.Target, HealthCheck> targets(List<Member> members) {
        Map<HealthReports.Target, HealthCheck> targets = new HashMap<>();
        members.forEach(member -> member.check().ifPresent(check -> targets.put(member.target(), check)));
        return targets;
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
        state.added().forEach((ref, weight) -> {
            Optional<Upstream> group = Optional.ofNullable(groups.get(ref.upstream()));
            int id = state.ids().get(ref);
            members.add(new Member(id, BackendKey.group(ref.upstream()), ref, weight, BackendView.Source.RUNTIME, false,
                    group.flatMap(Upstream::check), 0, group.map(Upstream::onDown).orElse(OnDown.MOVE)));
            if (group.isEmpty()) {
                orphans.add(ControlProblem.orphan(ref, id));
            }
        });
        members.sort(Comparator.comparingInt(Member::id));
        return new Inventory(members, orphans);
    }

    private static Member ofFile(long group, ServerRef ref, Upstream.Server server, Upstream upstream, RuntimeState state) {
        RuntimeState.WeightOverride override = state.overrides().get(ref);
        return new Member(
                state.ids().get(ref), group, ref,
                override == null ? server.weight() : override.weight(),
                BackendView.Source.FILE, override != null,
                server.probed() ? upstream.check() : Optional.empty(), server.maxConnections(), upstream.onDown());
    }

    List<Member> of(String upstream) {
        return groups.getOrDefault(upstream, List.of());
    }
}
