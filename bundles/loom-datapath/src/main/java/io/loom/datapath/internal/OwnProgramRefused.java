package io.loom.datapath.internal;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.api.config.OwnProgram;

/** A program of the operator's that cannot be used, and why. */
final class OwnProgramRefused extends LoomException {
    private static final long serialVersionUID = 1L;

    private OwnProgramRefused(OwnProgram program, String why, Throwable cause) {
        super(Problem.of("LOOM-1240",
                "the program " + program.name() + " of " + program.path() + " cannot be used, what ran before runs on", why,
                "correct the object or its section, or remove it from ebpf.xdp.programs; the end of the verifier's log is in Loom's"),
                cause);
    }

    /** Does what needs the program; whatever fails then is the fault of its object. */
    static void unless(OwnProgram program, Runnable work) {
        try {
            work.run();
        } catch (LoomException refused) {
            Problem cause = refused.problems().get(0);
            throw new OwnProgramRefused(program, cause.code() + " " + cause.why(), refused);
        } catch (RuntimeException malformed) {
            throw new OwnProgramRefused(program, "it is no object that can be read: " + malformed, malformed);
        }
    }
}
