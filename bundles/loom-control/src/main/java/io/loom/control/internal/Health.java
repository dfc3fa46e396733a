package io.loom.control.internal;

import io.loom.api.control.HealthReports.Report;
import io.loom.api.control.HealthReports.Target;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.KernelState;
import io.loom.control.dataplane.LayeredMap;
import io.loom.control.dataplane.LayeredSet;
import java.util.Collections;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What is known of the backends' health at one moment. A probed backend without a result counts as up, unless the kernel
 * has it marked as down from before a restart of the control plane, or as draining, which is what one that keeps its connections is marked as.
 * Thread-safe. Who makes one gives the reports away.
 */
final class Health {
    /** Nothing is known. */
    static final Health UNKNOWN = new Health(LayeredMap.empty(), KernelState.EMPTY);

    private final Map<Target, Report> reports;
    private final KernelState kernel;
    /** Down in the kernel: made when a backend without a result is asked for, of which there are few after a start. */
    private volatile Optional<Set<BackendKey.Server>> downInKernel = Optional.empty();
    /** Draining there, by whatever method. */
    private volatile Optional<Set<BackendKey.Server>> keptInKernel = Optional.empty();

    private Health(Map<Target, Report> reports, KernelState kernel) {
        this.reports = reports;
        this.kernel = kernel;
    }

    /** This one, if that is what there is now. */
    Health next(Map<Target, Report> now, KernelState applied) {
        return now == reports && kernel == applied ? this : new Health(now, applied);
    }

    Map<Target, Report> reports() {
        return Collections.unmodifiableMap(reports);
    }

    /** Groups of whose members another moment may say something else. */
    Set<Long> differing(Health other) {
        return Stream.of(
                        LayeredMap.differing(reports, other.reports).stream().map(target -> BackendKey.group(target.upstream())),
                        groups(kernel.down(), other.kernel.down()), groups(kernel.draining(), other.kernel.draining()),
                        groups(kernel.backends(), other.kernel.backends()))
                .flatMap(groups -> groups).collect(Collectors.toSet());
    }

    private static Stream<Long> groups(Set<BackendKey> one, Set<BackendKey> other) {
        return LayeredSet.differing(one, other).stream().map(BackendKey::group);
    }

    /** Why the backend is down; empty if it counts as up. */
    Optional<String> down(Member member) {
        if (member.owner().isPresent()) {
            return member.owner().map(owner -> "the file gives its address to " + owner);
        }
        if (member.check().isEmpty()) {
            return Optional.empty();
        }
        Report report = reports.get(member.target());
        if (report != null) {
            return report.up() ? Optional.empty() : Optional.of(report.reason());
        }
        return isKept(member) || down().contains(member.server()) ? Optional.of("was down before, not probed yet") : Optional.empty();
    }

    private boolean isKept(Member member) {
        if (!member.keepsConnections() || member.weight() == 0) {
            return false;
        }
        if (keptInKernel.isEmpty()) {
            Set<BackendKey.Server> kept = servers(kernel.draining());
            // A method that a vip has left drains as well, beside one that does not.
            (kept.isEmpty() ? Set.<BackendKey>of() : kernel.backends()).stream().filter(key -> !kernel.draining().contains(key))
                    .forEach(key -> kept.remove(key.server()));
            keptInKernel = Optional.of(kept); // whoever comes at the same time makes the same
        }
        return keptInKernel.get().contains(member.server());
    }

    private Set<BackendKey.Server> down() {
        if (downInKernel.isEmpty()) {
            downInKernel = Optional.of(servers(kernel.down()));
        }
        return downInKernel.get();
    }

    private static Set<BackendKey.Server> servers(Set<BackendKey> keys) {
        return keys.stream().map(BackendKey::server).collect(Collectors.toCollection(HashSet::new));
    }
}
