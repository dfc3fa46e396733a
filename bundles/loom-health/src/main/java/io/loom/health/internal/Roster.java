package io.loom.health.internal;

import io.loom.api.config.HealthCheck;
import io.loom.api.control.HealthReports.Target;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** The servers that are probed, and how many each upstream has. Probing thread only. */
final class Roster {
    private final Map<Target, Watched> all = new HashMap<>();
    private final Map<String, Integer> servers = new HashMap<>();
    private long orders;

    boolean isEmpty() {
        return all.isEmpty();
    }

    /** Of each upstream that has any. */
    Map<String, Integer> servers() {
        return servers;
    }

    /** It was missing in the last order. */
    void add(Watched watched) {
        watched.wantedBy(orders);
        all.put(watched.target(), watched);
    }

    /**
     * Compares with what is wanted, and looks for those that are not only if there must be some.
     *
     * @param changed is told of those whose check is another now
     * @param gone    is told of those that are not wanted any more, which are removed
     * @return what is missing, and is to be added: it is counted already
     */
    Map<Target, HealthCheck> compare(Order order, BiConsumer<Watched, HealthCheck> changed, Consumer<Watched> gone) {
        Map<Target, HealthCheck> missing = new LinkedHashMap<>();
        orders++;
        int kept = 0;
        for (int i = 0; i < order.targets().size(); i++) {
            Target target = order.targets().get(i);
            HealthCheck check = order.checks().get(i);
            Watched known = all.get(target);
            if (known == null) {
                missing.put(target, check);
                servers.merge(target.upstream(), 1, Integer::sum);
                continue;
            }
            kept++;
            known.wantedBy(orders);
            if (!known.check().equals(check)) {
                changed.accept(known, check);
            }
        }
        if (kept < all.size()) {
            all.values().removeIf(watched -> watched.wantedBy() != orders && remove(watched, gone));
        }
        return missing;
    }

    private boolean remove(Watched watched, Consumer<Watched> gone) {
        servers.computeIfPresent(watched.lane().upstream(), (upstream, count) -> count == 1 ? null : count - 1);
        gone.accept(watched);
        return true;
    }
}
