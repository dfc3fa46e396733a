package io.loom.datapath.internal;

import io.loom.api.config.Vip;
import java.net.InetAddress;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Which addresses are vips or are about to be: listeners come one by one, and what is chosen with a view to all of them must not
 * change with each. Thread-safe.
 */
final class VipAnnouncement implements Supplier<Set<InetAddress>> {
    private final Supplier<Set<InetAddress>> listeners;
    private final Supplier<Set<InetAddress>> interfaces;
    private volatile Collection<Vip> vips = Set.of();

    /**
     * @param listeners  addresses that have some
     * @param interfaces addresses that vips of the flat form have
     */
    VipAnnouncement(Supplier<Set<InetAddress>> listeners, Supplier<Set<InetAddress>> interfaces) {
        this.listeners = listeners;
        this.interfaces = interfaces;
    }

    /** @param wanted all of them */
    void announce(Collection<Vip> wanted) {
        vips = Set.copyOf(wanted);
    }

    @Override
    public Set<InetAddress> get() {
        Set<InetAddress> addresses = vips.stream().flatMap(vip -> vip.addresses().stream()).collect(Collectors.toCollection(HashSet::new));
        addresses.addAll(listeners.get());
        if (vips.stream().anyMatch(Vip::interfaceAddresses)) {
            addresses.addAll(interfaces.get());
        }
        return addresses;
    }
}
