package io.loom.control.internal;

import io.loom.api.Endpoint;
import io.loom.api.Problem;
import io.loom.api.config.Admission;
import io.loom.api.config.LoomConfig;
import io.loom.api.config.Vip;
import io.loom.api.control.BackendView;
import io.loom.api.control.BackendView.State;
import io.loom.api.control.Status.AttachmentView;
import io.loom.api.control.VipView;
import io.loom.control.dataplane.DataPlane.MethodView;
import io.loom.control.dataplane.KernelState;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Turns a plan, and what of it is in the kernel, into what people see: when somebody looks, since a change of one among thousands is
 * seldom followed by a look at all. Pure; thread-safe.
 */
final class Views {
    private static final String DISABLED = "ebpf.enabled is false";

    private final LoomConfig config;
    private final Inventory inventory;
    private final Health health;
    private final Plan plan;
    private final KernelState applied;
    private final Map<String, MethodView> methods;
    private final List<AttachmentView> attachments;
    private final NextHops hops;
    private Optional<Index> index = Optional.empty();
    private Optional<List<BackendView>> backends = Optional.empty();
    private Optional<List<VipView>> vips = Optional.empty();

    Views(
            LoomConfig config, Inventory inventory, Health health, Plan plan, PlaneView plane,
            List<AttachmentView> attachments) {
        this.config = config;
        this.inventory = inventory;
        this.health = health;
        this.plan = plan;
        this.applied = plane.applied();
        this.methods = plane.methods();
        this.attachments = attachments;
        this.hops = plane.nextHops();
    }

    /** What is looked up for each. */
    private final class Index {
        final Map<Endpoint, String> unresolved = new HashMap<>();
        final Set<Endpoint> unmet = new HashSet<>();
        final Serving serving = new Serving(applied.tables());
        final Map<String, List<Plan.VipPlan>> vipsOf = plan.vips().stream().collect(Collectors.groupingBy(Plan.VipPlan::upstream));
        final Map<String, Plan.VipPlan> planOf = new HashMap<>();
        /** Why no vip of an upstream reaches a backend, once for all of them. */
        final Map<String, String> notInTable = new HashMap<>();

        Index() {
            hops.unresolved().forEach((key, reason) -> unresolved.put(key.endpoint(), reason));
            hops.unmet().forEach(key -> unmet.add(key.endpoint()));
            plan.vips().forEach(vip -> planOf.put(vip.name(), vip));
        }
    }

    private Index index() {
        if (index.isEmpty()) {
            index = Optional.of(new Index());
        }
        return index.get();
    }

    synchronized List<BackendView> backends() {
        if (backends.isEmpty()) {
            backends = Optional.of(inventory.members().stream().map(this::backend).toList());
        }
        return backends.get();
    }

    synchronized Optional<BackendView> backend(int id) {
        return inventory.member(id).map(this::backend);
    }

    private BackendView backend(Member member) {
        Optional<String> disabled = disabled(member);
        Optional<String> down = health.down(member);
        if (disabled.isPresent()) {
            return view(member, State.DISABLED, disabled.get());
        }
        if (member.weight() > 0 && index().unmet.contains(member.endpoint()) && !inTable(member)) {
            return view(member, State.RESOLVING, index().unresolved.get(member.endpoint()));
        }
        if (down.isPresent()) {
            return view(member, State.DOWN, down.get());
        }
        if (member.weight() == 0) {
            return view(member, State.DRAIN, "weight 0");
        }
        if (inTable(member)) {
            return view(member, State.UP, "");
        }
        String reason = index().unresolved.get(member.endpoint());
        return reason == null
                ? view(member, State.DISABLED, notInTable(member))
                : view(member, State.RESOLVING, reason);
    }

    private Optional<String> disabled(Member member) {
        if (!config.enabled()) {
            return Optional.of(DISABLED);
        }
        return index().vipsOf.containsKey(member.upstream())
                ? Optional.empty()
                : Optional.of("no vip uses upstream " + member.upstream());
    }

    private boolean inTable(Member member) {
        return index().serving.byAny(index().vipsOf.get(member.upstream()), member.endpoint());
    }

    private String notInTable(Member member) {
        return index().notInTable.computeIfAbsent(member.upstream(), upstream -> {
            List<String> reasons = index().vipsOf.get(upstream).stream().flatMap(vip -> vip.degraded().stream())
                    .map(Degradation::why).distinct().toList();
            return reasons.isEmpty()
                    ? "no vip of upstream " + upstream + " reaches its address family"
                    : String.join("; ", reasons);
        });
    }

    private static BackendView view(Member member, State state, String reason) {
        return new BackendView(
                member.id(), member.upstream(), member.endpoint(), member.weight(), state, reason, member.source(),
                member.override(), member.maxConnections());
    }

    synchronized List<VipView> vips() {
        if (vips.isEmpty()) {
            Map<String, List<String>> listeners = new HashMap<>();
            applied.listeners().forEach((listener, spec) ->
                    listeners.computeIfAbsent(spec.table().vip(), vip -> new ArrayList<>()).add(listener.toString()));
            vips = Optional.of(config.vips().stream().map(vip -> vip(vip, listeners.getOrDefault(vip.name(), List.of()))).toList());
        }
        return vips.get();
    }

    /** What vips lack. */
    synchronized List<Problem> problems() {
        List<Problem> problems = new ArrayList<>();
        config.vips().forEach(vip -> degraded(vip).forEach(reason -> problems.add(ControlProblem.degraded(vip.name(), reason))));
        return problems;
    }

    private VipView vip(Vip vip, List<String> listeners) {
        int usable = index().serving.by(vip.name()).size();
        return new VipView(
                vip.name(), listeners, protocols(vip), vip.algorithm(), vip.forwarding(), handling(vip), vip.upstream(), usable,
                inventory.of(vip.upstream()).size(), degraded(vip).stream().map(Degradation::why).toList());
    }

    private static List<String> protocols(Vip vip) {
        return vip.services().stream().map(Vip.Service::protocol).distinct().sorted().map(Views::word).toList();
    }

    private VipView.Handling handling(Vip vip) {
        String tracking = new Treatment(vip, config.conntrack(), config.acl().asks()).wanted().stream().map(Views::word)
                .collect(Collectors.joining(", "));
        MethodView method = methods.get(vip.forwarding());
        boolean keeps = vip.connections().keepClient() || method != null && method.direct();
        return new VipView.Handling(tracking, vip.connections().affinity(), keeps ? "keep" : "replace",
                vip.admission().maxConnections(),
                vip.admission().rate().map(Admission.Rate::perSecond).orElse(0), courses(vip));
    }

    private static SortedMap<String, String> courses(Vip vip) {
        SortedMap<String, String> courses = new TreeMap<>();
        vip.admission().courses().forEach((service, course) -> courses.put(word(service.protocol()) + " " + service.port(), word(course)));
        return courses;
    }

    private static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    private List<Degradation> degraded(Vip vip) {
        List<Degradation> reasons = new ArrayList<>();
        if (!config.enabled()) {
            reasons.add(new Degradation(DISABLED, "LOOM-2111 says what to change"));
        } else if (!attachments.isEmpty() && attachments.stream().allMatch(one -> one.mode().equals("none"))) {
            reasons.add(new Degradation("the program is attached to no interface: "
                    + attachments.stream().map(AttachmentView::problem).collect(Collectors.joining("; ")),
                    "mend one of them; Loom attaches by itself then"));
        }
        Optional.ofNullable(index().planOf.get(vip.name())).ifPresent(planned -> reasons.addAll(planned.degraded()));
        return reasons;
    }
}
