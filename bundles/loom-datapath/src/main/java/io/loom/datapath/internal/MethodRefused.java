package io.loom.datapath.internal;

import io.loom.api.LoomException;
import io.loom.api.Problem;

/** One forwarding method cannot be in the program; the others can. */
public final class MethodRefused extends LoomException {
    private static final long serialVersionUID = 1L;

    private final String method;

    public MethodRefused(String method, Problem problem) {
        super(problem);
        this.method = method;
    }

    public String method() {
        return method;
    }
}
