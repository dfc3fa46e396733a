package io.loom.control.internal;

import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.KernelState;
import io.loom.control.dataplane.ListenerKey;
import io.loom.control.dataplane.ListenerSpec;
import io.loom.control.dataplane.TableKey;
import io.loom.control.dataplane.TableNotBuilt;
import io.loom.control.dataplane.TableSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What the kernel should be, and why.
 *
 * @param wanted the whole of it
 * @param vips   the share of each vip, in the file's order
 * @param drains entries that are only kept for their connections
 */
record Plan(KernelState wanted, List<VipPlan> vips, Drains drains) {

    static final Plan NOTHING = new Plan(KernelState.EMPTY, List.of(), Drains.NONE);

    /**
     * @param name      of the vip
     * @param upstream  of the vip
     * @param backends  whose entries it needs; sets that vips share are the same objects
     * @param degraded  why it does not work as configured
     * @param frozen    its method or algorithm is not there: it keeps what it has and cannot change
     * @param held      its table waits for next hops that are about to be known
     */
    record VipPlan(
            String name, String upstream,
            Map<TableKey, TableSpec> tables, Map<ListenerKey, ListenerSpec> listeners, List<Set<BackendKey>> backends,
            List<Degradation> degraded, boolean frozen, boolean held) {
        VipPlan {
            tables = Map.copyOf(tables);
            listeners = Map.copyOf(listeners);
            backends = List.copyOf(backends);
            degraded = List.copyOf(degraded);
        }

        private VipPlan without(Map<TableKey, TableNotBuilt> unbuilt) {
            List<Degradation> reasons = new ArrayList<>(degraded);
            tables.keySet().stream().filter(unbuilt::containsKey).map(table -> unbuilt.get(table).problems().get(0))
                    .forEach(problem -> reasons.add(Degradation.of(problem)));
            return new VipPlan(name, upstream, tables, listeners, backends, reasons, frozen, held);
        }
    }

    /** Why changes of this group could not take effect now; empty if they can. */
    Optional<String> frozen(String upstream) {
        return vips.stream()
                .filter(vip -> vip.frozen() && vip.upstream().equals(upstream) && !vip.tables().isEmpty())
                .map(vip -> "vip " + vip.name() + ": " + vip.degraded().stream().map(Degradation::why).collect(Collectors.joining("; ")))
                .findFirst();
    }

    /** With what is amiss with tables that their algorithms have not made. */
    Plan without(Map<TableKey, TableNotBuilt> unbuilt) {
        return unbuilt.isEmpty() ? this : new Plan(wanted, vips.stream().map(vip -> vip.without(unbuilt)).toList(), drains);
    }

    boolean held() {
        return vips.stream().anyMatch(VipPlan::held);
    }
}
