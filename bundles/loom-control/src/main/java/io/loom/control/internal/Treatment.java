package io.loom.control.internal;

import io.loom.api.Protocol;
import io.loom.api.config.Conntrack;
import io.loom.api.config.Vip;
import io.loom.control.dataplane.DataPlane.MethodView;
import io.loom.control.dataplane.ListenerSpec;
import io.loom.control.dataplane.TableKey;
import io.loom.control.dataplane.Tracking;
import java.util.List;

/** How connections of a vip are treated: as the file says, as far as the method in force allows. */
record Treatment(Vip vip, Conntrack conntrack) {

    /** What the file says for listeners of this protocol. */
    Tracking wanted(Protocol protocol) {
        if (!conntrack.enabled() || protocol == Protocol.UDP && !conntrack.sessions()) {
            return Tracking.NONE;
        }
        return vip.connections().minimal() ? Tracking.MINIMAL : Tracking.FULL;
    }

    /** In the order of the protocols; one for most vips. */
    List<Tracking> wanted() {
        return vip.services().stream().map(Vip.Service::protocol).distinct().sorted().map(this::wanted).distinct().toList();
    }

    /** True if the method cannot work with what the file says. */
    boolean needsMore(MethodView method) {
        return method.stateful() && wanted().stream().anyMatch(tracking -> tracking != Tracking.FULL);
    }

    /**
     * @param asConfigured false: a method or algorithm stays in force instead of the vip's own, against which the file was not
     *                     checked
     */
    ListenerSpec listener(TableKey table, Protocol protocol, MethodView method, boolean asConfigured) {
        boolean full = method.stateful() || !asConfigured;
        return new ListenerSpec(
                table, vip.assign() && !vip.interfaceAddresses(), full ? Tracking.FULL : wanted(protocol),
                vip.connections().keepClient() && !method.direct(), vip.connections().affinity(), method.direct());
    }
}
