package io.loom.control.dataplane;

import io.loom.api.LoomException;
import io.loom.api.Problem;

/**
 * An algorithm, which may be anybody's code, has not made a table. That concerns the vips of this table alone: other changes go
 * on. Where there is a table in force, it names no backend any more that the wanted one does not.
 */
public final class TableNotBuilt extends LoomException {
    private static final long serialVersionUID = 1L;

    private final boolean pending;
    private final boolean forwarding;

    /**
     * @param pending    the algorithm is still at work: the data plane tells when it has ended
     * @param forwarding there is a table in force
     */
    public TableNotBuilt(Problem problem, boolean pending, boolean forwarding) {
        super(problem);
        this.pending = pending;
        this.forwarding = forwarding;
    }

    public boolean isPending() {
        return pending;
    }

    public boolean isForwarding() {
        return forwarding;
    }
}
