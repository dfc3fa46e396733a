package io.loom.control.internal;

import io.loom.api.control.HealthReports.Report;
import io.loom.api.control.HealthReports.Target;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.KernelState;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What is known of the backends' health at one moment. A probed backend without a result counts as up, unless the kernel
 * has it marked as down from before a restart of the control plane.
 */
record Health(Map<Target, Report> reports, Set<BackendKey.Server> downInKernel) {

    Health {
        reports = Map.copyOf(reports);
        downInKernel = Set.copyOf(downInKernel);
    }

    static Health of(Map<Target, Report> reports, KernelState applied) {
        return new Health(
                reports, applied.down().stream().map(BackendKey::server).collect(Collectors.toSet()));
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
        return downInKernel.contains(member.server())
                ? Optional.of("was down before, not probed yet")
                : Optional.empty();
    }
}
