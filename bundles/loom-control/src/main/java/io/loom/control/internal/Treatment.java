package io.loom.control.internal;

import io.loom.api.Protocol;
import io.loom.api.config.Admission;
import io.loom.api.config.Admission.Course;
import io.loom.api.config.Conntrack;
import io.loom.api.config.Vip;
import io.loom.control.dataplane.DataPlane.MethodView;
import io.loom.control.dataplane.Guard;
import io.loom.control.dataplane.ListenerSpec;
import io.loom.control.dataplane.TableKey;
import io.loom.control.dataplane.Tracking;
import java.util.List;

/**
 * How connections of a vip are treated: as the file says, as far as the method in force allows.
 *
 * @param acl sources are asked for
 */
record Treatment(Vip vip, Conntrack conntrack, boolean acl) {

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
     * @param limited      backends of the vip have limits
     */
    ListenerSpec listener(TableKey table, Vip.Service service, MethodView method, boolean asConfigured, boolean limited) {
        boolean full = method.stateful() || !asConfigured;
        return new ListenerSpec(
                table, vip.assign() && !vip.interfaceAddresses(), full ? Tracking.FULL : wanted(service.protocol()),
                vip.connections().keepClient() && !method.direct(), vip.connections().affinity(), method.direct(),
                guard(service, method, limited), vip.admission().onEmpty() == Admission.OnEmpty.RESET);
    }

    /** A method that cannot do without an entry for each connection may find no room for one, which is a limit too. */
    private Guard guard(Vip.Service service, MethodView method, boolean limited) {
        Admission admission = vip.admission();
        if (admission.course(service) == Course.PASS) {
            return Guard.PASS;
        }
        boolean canOverflow = admission.maxConnections() > 0 || limited || method.stateful();
        return new Guard(
                admission.course(service), admission.overflow() && canOverflow, admission.maxConnections(), limited,
                acl, admission.rate());
    }
}
