package io.loom.libbpf;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.libbpf.internal.Diagnosis;
import java.util.Optional;

/** A call into the kernel failed. The problem carries cause and fix; here is what a program may want to look at. */
public final class BpfException extends LoomException {
    private static final long serialVersionUID = 1L;

    private final int errno;
    private final String verifierLog;

    /** @param verifierLog empty if the verifier said nothing */
    public BpfException(Problem problem, int errno, String verifierLog) {
        super(problem);
        this.errno = errno;
        this.verifierLog = verifierLog;
    }

    /** As in errno(3), positive. */
    public int errno() {
        return errno;
    }

    /** Whether another process might do it, one with more capabilities. */
    public boolean isOfPrivilege() {
        return code().equals(Diagnosis.CODE_PRIVILEGE);
    }

    /** The verifier's log, raw and whole, if a program was refused. */
    public Optional<String> verifierLog() {
        return verifierLog.isEmpty() ? Optional.empty() : Optional.of(verifierLog);
    }
}
