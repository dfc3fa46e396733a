package io.loom.control.internal;

import io.loom.api.Endpoint;
import io.loom.api.config.HealthCheck;
import io.loom.api.config.Upstream.OnDown;
import io.loom.api.control.BackendView;
import io.loom.api.control.HealthReports;
import io.loom.control.dataplane.BackendKey;
import java.util.Optional;

/**
 * A backend after the file and the runtime changes were put together.
 *
 * @param check how it is probed; empty: not, and it counts as up
 * @param maxConnections open at a time; 0: no limit
 * @param onDown what becomes of its connections while it is down
 * @param owner who has its address since, in the file: packets that are sent there come back to this host
 */
record Member(
        int id, BackendKey.Server server, HealthReports.Target target, int weight, BackendView.Source source, boolean override,
        Optional<HealthCheck> check, int maxConnections, OnDown onDown, Optional<String> owner) {

    /** While it is down. */
    boolean keepsConnections() {
        return onDown == OnDown.KEEP;
    }

    /** @param group of the upstream, see {@link BackendKey#group} */
    Member(
            int id, long group, ServerRef ref, int weight, BackendView.Source source, boolean override,
            Optional<HealthCheck> check, int maxConnections, OnDown onDown, Optional<String> owner) {
        this(id, new BackendKey.Server(group, ref.endpoint()), new HealthReports.Target(ref.upstream(), ref.endpoint()), weight,
                source, override, check, maxConnections, onDown, owner);
    }

    String upstream() {
        return target.upstream();
    }

    Endpoint endpoint() {
        return server.endpoint();
    }
}
