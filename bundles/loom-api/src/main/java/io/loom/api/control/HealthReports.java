package io.loom.api.control;

import io.loom.api.Endpoint;
import io.loom.api.config.HealthCheck;
import java.util.Map;
import org.osgi.annotation.versioning.ProviderType;

/** Health probing, asked for by the control plane and served by loom-health. */
@ProviderType
public interface HealthReports {

    /**
     * Replaces the set of probed servers. Servers that stay keep their history; new ones are probed at once.
     *
     * @param targets what to probe, and how; one entry for each (upstream, endpoint)
     */
    void watch(Map<Target, HealthCheck> targets, Listener listener);

    /** What a record has by itself is several times slower, and thousands are looked up at each change. */
    record Target(String upstream, Endpoint endpoint) {
        @Override
        public boolean equals(Object object) {
            return object instanceof Target other && endpoint.equals(other.endpoint) && upstream.equals(other.upstream);
        }

        @Override
        public int hashCode() {
            return 31 * upstream.hashCode() + endpoint.hashCode();
        }
    }

    /**
     * @param up     the first result counts at once; then {@code rise} and {@code fall} decide
     * @param reason why it is down, such as {@code connection refused (3 of 3 probes of tcp 10.0.0.3:80)}
     */
    record Report(Target target, boolean up, String reason) {}

    /** Called on a probe thread for the first result of a target and for every change after it. */
    interface Listener {
        void report(Report report);
    }
}
