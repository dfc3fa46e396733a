package io.loom.config.internal.model;

import java.net.InetAddress;
import java.util.Optional;
import java.util.Set;

/**
 * What a file is checked against of the host that it is for.
 *
 * @param cpus      empty if they cannot be told
 * @param addresses by which it lives in a subnet
 */
public record Host(Optional<Cpus> cpus, Set<InetAddress> addresses) {

    public Host {
        addresses = Set.copyOf(addresses);
    }

    /**
     * CPUs by number.
     *
     * @param possible those that the host can ever have
     * @param online   those that run now
     */
    public record Cpus(Set<Integer> possible, Set<Integer> online) {
        public Cpus {
            possible = Set.copyOf(possible);
            online = Set.copyOf(online);
        }
    }
}
