package io.loom.control.dataplane;

import io.loom.api.config.Admission;
import java.util.Optional;

/**
 * What is asked before a connection to a listener begins.
 *
 * @param course         where new connections go
 * @param overflow       what is beyond a limit, or finds no room in the connection table, goes to the local stack
 * @param maxConnections of the vip, over all its listeners; 0: no limit
 * @param backendLimits  some backend of its table has a limit
 * @param acl            the source, in the list that {@link DataPlane#configure} is given
 * @param rate           how often the source has begun connections to the vip; empty: not asked
 */
public record Guard(Admission.Course course, boolean overflow, int maxConnections, boolean backendLimits, boolean acl,
        Optional<Admission.Rate> rate) {

    /** Nothing is asked. */
    public static final Guard NONE = new Guard(Admission.Course.BALANCE, false, 0, false);

    /** Nothing is asked, because every packet goes to the local stack. */
    public static final Guard PASS = new Guard(Admission.Course.PASS, false, 0, false);

    /** One that does not ask for the source. */
    public Guard(Admission.Course course, boolean overflow, int maxConnections, boolean backendLimits) {
        this(course, overflow, maxConnections, backendLimits, false, Optional.empty());
    }

    public boolean asks() {
        return !equals(NONE) && !equals(PASS);
    }
}
