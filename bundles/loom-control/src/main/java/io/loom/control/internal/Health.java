package io.loom.control.internal;

import io.loom.api.control.HealthReports.Report;
import io.loom.api.control.HealthReports.Target;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.KernelState;
import java.util.Collections;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What is known of the backends' health at one moment. A probed backend without a result counts as up, unless the kernel
 * has it marked as down from before a restart of the control plane, or as draining, which is what one that keeps its connections is marked as.
 * Who makes one gives the reports and the sets away.
 */
record Health(Map<Target, Report> reports, Set<BackendKey.Server> downInKernel, Set<BackendKey.Server> keptInKernel) {

    /** Nothing is known. */
    static final Health UNKNOWN = new Health(Map.of(), Set.of(), Set.of());

    Health {
        reports = Collections.unmodifiableMap(reports);
        downInKernel = Collections.unmodifiableSet(downInKernel);
        keptInKernel = Collections.unmodifiableSet(keptInKernel);
    }

    /** This one, if that is what there is now. */
    Health next(Map<Target, Report> now, KernelState applied) {
        Set<BackendKey.Server> kept = servers(applied.draining());
        // A method that a vip has left drains as well, beside one that does not.
        (kept.isEmpty() ? Set.<BackendKey>of() : applied.backends()).stream().filter(key -> !applied.draining().contains(key))
                .forEach(key -> kept.remove(key.server()));
        Set<BackendKey.Server> down = servers(applied.down());
        return now == reports && down.equals(downInKernel) && kept.equals(keptInKernel) ? this : new Health(now, down, kept);
    }

    private static Set<BackendKey.Server> servers(Set<BackendKey> keys) {
        return keys.stream().map(BackendKey::server).collect(Collectors.toCollection(HashSet::new));
    }

    /** Why the backend is down; empty if it counts as up. */
    Optional<String> down(Member member) {
        if (member.check().isEmpty()) {
            return Optional.empty();
        }
        Report report = reports.get(member.target());
        if (report != null) {
            return report.up() ? Optional.empty() : Optional.of(report.reason());
        }
        boolean kept = member.keepsConnections() && member.weight() > 0 && keptInKernel.contains(member.server());
        return kept || downInKernel.contains(member.server())
                ? Optional.of("was down before, not probed yet")
                : Optional.empty();
    }
}
