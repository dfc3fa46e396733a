package io.loom.libbpf.internal;

import com.sun.jna.Native;
import io.loom.api.Problem;
import io.loom.libbpf.BpfException;

/** The only place where a native return code becomes an exception. */
public final class Check {
    private Check() {
    }

    /**
     * Passes on what a libbpf call returned if it is not negative.
     *
     * @param rc      result, or -errno
     * @param subject path, map, program or interface; completes the sentence that {@code action} begins
     */
    public static int check(int rc, Action action, String subject) {
        if (rc < 0) {
            throw failure(-rc, action, subject);
        }
        LibbpfMessages.settle();
        return rc;
    }

    /** The same for libbpf functions that return a pointer: NULL means failure, and errno says why. */
    public static long pointer(long pointer, Action action, String subject) {
        if (pointer == 0) {
            throw failure(Native.getLastError(), action, subject);
        }
        LibbpfMessages.settle();
        return pointer;
    }

    /** The same for libc functions: -1 means failure, and errno says why. */
    public static long libc(long result, Action action, String subject) {
        if (result == -1) {
            throw failure(Native.getLastError(), action, subject);
        }
        return result;
    }

    private static BpfException failure(int errno, Action action, String subject) {
        String messages = LibbpfMessages.take();
        String log = LibbpfMessages.verifierLog(messages).orElse("");
        Diagnosis diagnosis = Diagnosis.of(action, errno, LibbpfMessages.headline(messages), log);
        Problem problem = Problem.of(diagnosis.code(), action.failed(subject), diagnosis.why(), diagnosis.fix());
        return new BpfException(problem, errno, log);
    }
}
