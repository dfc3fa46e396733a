package io.loom.control.internal;

import io.loom.api.Protocol;
import io.loom.control.dataplane.DataPlane;
import io.loom.control.dataplane.KernelState;
import java.net.InetAddress;
import java.util.Collection;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * What the data plane says at one moment.
 *
 * @param applied   what is in the kernel
 * @param addresses of the interfaces, for vips of the flat form
 * @param own       addresses by which the balancer itself lives in a subnet
 * @param protocols those with a handler in the running program
 * @param deployed  of these, those whose handler's bundle is there
 */
record PlaneView(
        KernelState applied,
        NextHops nextHops,
        Set<InetAddress> addresses,
        Set<InetAddress> own,
        Map<String, DataPlane.MethodView> methods,
        Set<String> algorithms,
        Set<Protocol> protocols,
        Set<Protocol> deployed) {

    static final PlaneView NONE = new PlaneView(
            KernelState.EMPTY, new NextHops(Set.of(), Map.of(), Set.of(), Set.of()), Set.of(), Set.of(), Map.of(), Set.of(),
            Set.of(), Set.of());

    /** Without addresses that are on the interfaces for another purpose. */
    PlaneView without(Collection<InetAddress> others) {
        Set<InetAddress> left = new HashSet<>(addresses);
        left.removeAll(Set.copyOf(others));
        return new PlaneView(applied, nextHops, left, own, methods, algorithms, protocols, deployed);
    }

    /** Whether, apart from what is in the kernel and of next hops, both say the same. */
    boolean canTheSameAs(PlaneView other) {
        return addresses.equals(other.addresses) && own.equals(other.own) && methods.equals(other.methods)
                && algorithms.equals(other.algorithms) && protocols.equals(other.protocols) && deployed.equals(other.deployed);
    }

    PlaneView withApplied(KernelState now) {
        return new PlaneView(now, nextHops, addresses, own, methods, algorithms, protocols, deployed);
    }
}
