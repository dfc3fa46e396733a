package io.loom.datapath.internal;

import io.loom.control.dataplane.PluginFact;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.Version;

/**
 * Deployed plugins of one kind by name. Of two with one name the higher bundle version serves, then the younger bundle: a new
 * file in {@code deploy/} runs beside the old one until that is removed. Thread-safe.
 *
 * @param <T> what is kept of a plugin
 */
final class Plugins<T> {
    private record Deployed<T>(long service, String name, Version version, long bundle, String symbolicName, T plugin) {}

    private final List<Deployed<T>> deployed = new CopyOnWriteArrayList<>();

    void add(ServiceReference<?> reference, String name, T plugin) {
        deployed.add(new Deployed<>(
                id(reference), name, reference.getBundle().getVersion(), reference.getBundle().getBundleId(),
                reference.getBundle().getSymbolicName(), plugin));
    }

    void remove(ServiceReference<?> reference) {
        deployed.removeIf(one -> one.service() == id(reference));
    }

    private static long id(ServiceReference<?> reference) {
        return (Long) reference.getProperty(org.osgi.framework.Constants.SERVICE_ID);
    }

    private Comparator<Deployed<T>> rank() {
        return Comparator.<Deployed<T>, Version>comparing(Deployed::version).thenComparing(Deployed::bundle);
    }

    /** Each with its rank among those of its name: 1 serves. */
    List<PluginFact> facts(String kind) {
        List<PluginFact> facts = new ArrayList<>();
        for (Deployed<T> one : deployed) {
            long better = deployed.stream()
                    .filter(other -> other.name().equals(one.name()) && rank().compare(other, one) > 0).count();
            facts.add(new PluginFact(one.bundle(), one.symbolicName(), one.version().toString(), kind, one.name(), (int) better + 1, ""));
        }
        return facts;
    }

    SortedMap<String, T> byName() {
        Map<String, Deployed<T>> best = new TreeMap<>();
        deployed.forEach(one -> best.merge(one.name(), one, (a, b) -> rank().compare(a, b) >= 0 ? a : b));
        SortedMap<String, T> plugins = new TreeMap<>();
        best.forEach((name, one) -> plugins.put(name, one.plugin()));
        return plugins;
    }

    Optional<T> get(String name) {
        return Optional.ofNullable(byName().get(name));
    }
}
