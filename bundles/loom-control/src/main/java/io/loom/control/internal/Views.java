package io.loom.control.internal;

import io.loom.api.config.LoomConfig;
import io.loom.api.config.Vip;
import io.loom.api.control.BackendView;
import io.loom.api.control.BackendView.State;
import io.loom.api.control.VipView;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.KernelState;
import io.loom.control.dataplane.ListenerKey;
import io.loom.control.dataplane.TableSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Turns a plan, and what of it is in the kernel, into what people see. Pure. */
final class Views {
    private final LoomConfig config;
    private final Inventory inventory;
    private final Health health;
    private final Plan plan;
    private final KernelState applied;
    private final Map<BackendKey, String> unresolved;

    Views(LoomConfig config, Inventory inventory, Health health, Plan plan, PlaneView plane) {
        this.config = config;
        this.inventory = inventory;
        this.health = health;
        this.plan = plan;
        this.applied = plane.applied();
        this.unresolved = plane.nextHops().unresolved();
    }

    List<BackendView> backends() {
        return inventory.members().stream().map(this::backend).toList();
    }

    private BackendView backend(Member member) {
        Optional<String> disabled = disabled(member);
        Optional<String> down = health.down(member);
        if (disabled.isPresent()) {
            return view(member, State.DISABLED, disabled.get());
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
        return unresolved.entrySet().stream()
                .filter(entry -> entry.getKey().endpoint().equals(member.endpoint()))
                .findFirst()
                .map(entry -> view(member, State.RESOLVING, entry.getValue()))
                .orElseGet(() -> view(member, State.DISABLED, notInTable(member)));
    }

    private Optional<String> disabled(Member member) {
        if (!config.enabled()) {
            return Optional.of("ebpf.enabled is false");
        }
        return config.vips().stream().anyMatch(vip -> vip.upstream().equals(member.upstream()))
                ? Optional.empty()
                : Optional.of("no vip uses upstream " + member.upstream());
    }

    private boolean inTable(Member member) {
        return vipsOf(member).stream().anyMatch(vip -> tables(vip.name()).stream()
                .anyMatch(table -> table.weights().keySet().stream()
                        .anyMatch(key -> key.endpoint().equals(member.endpoint()))));
    }

    private String notInTable(Member member) {
        List<String> reasons = vipsOf(member).stream()
                .flatMap(vip -> vip.degraded().stream()).distinct().toList();
        return reasons.isEmpty()
                ? "no vip of upstream " + member.upstream() + " reaches its address family"
                : String.join("; ", reasons);
    }

    private List<Plan.VipPlan> vipsOf(Member member) {
        return plan.vips().stream().filter(vip -> vip.upstream().equals(member.upstream())).toList();
    }

    private List<TableSpec> tables(String vip) {
        return applied.tables().entrySet().stream()
                .filter(entry -> entry.getKey().vip().equals(vip)).map(Map.Entry::getValue).toList();
    }

    private static BackendView view(Member member, State state, String reason) {
        return new BackendView(
                member.id(), member.upstream(), member.endpoint(), member.weight(), state, reason, member.source(),
                member.override());
    }

    List<VipView> vips() {
        return config.vips().stream().map(this::vip).toList();
    }

    private VipView vip(Vip vip) {
        List<String> listeners = applied.listeners().entrySet().stream()
                .filter(entry -> entry.getValue().table().vip().equals(vip.name()))
                .map(Map.Entry::getKey).map(ListenerKey::toString).toList();
        Set<?> usable = tables(vip.name()).stream()
                .flatMap(table -> table.weights().keySet().stream()).map(BackendKey::endpoint)
                .collect(Collectors.toSet());
        return new VipView(
                vip.name(), listeners, vip.algorithm(), vip.forwarding(), vip.upstream(), usable.size(),
                inventory.of(vip.upstream()).size(), degraded(vip));
    }

    private List<String> degraded(Vip vip) {
        List<String> reasons = new ArrayList<>();
        if (!config.enabled()) {
            reasons.add("ebpf.enabled is false");
        }
        plan.vips().stream().filter(planned -> planned.name().equals(vip.name()))
                .forEach(planned -> reasons.addAll(planned.degraded()));
        return reasons;
    }
}
