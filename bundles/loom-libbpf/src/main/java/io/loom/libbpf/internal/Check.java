package io.loom.libbpf.internal;

import com.sun.jna.Native;
import io.loom.api.Problem;
import io.loom.libbpf.BpfException;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The only place where a native return code becomes an exception. */
public final class Check {
    private static final int LOGGED_LINES = 100;
    private static final Logger LOG = LoggerFactory.getLogger(Check.class);

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

    /** A log can have megabytes; all of it is in the exception. */
    private static String end(String log) {
        List<String> lines = log.lines().toList();
        return String.join("\n", lines.subList(Math.max(0, lines.size() - LOGGED_LINES), lines.size()));
    }

    private static BpfException failure(int errno, Action action, String subject) {
        String messages = LibbpfMessages.take();
        return failure(errno, action, subject, messages, LibbpfMessages.verifierLog(messages).orElse(""));
    }

    /** A program that the verifier refused, with a log that libbpf has not seen. */
    public static BpfException refused(String subject, int errno, String log) {
        return refused(Action.LOAD, subject, errno, log);
    }

    /** The same, for whatever it was loaded for. */
    public static BpfException refused(Action action, String subject, int errno, String log) {
        return failure(errno, action, subject, "", log);
    }

    private static BpfException failure(int errno, Action action, String subject, String messages, String log) {
        Diagnosis diagnosis = action == Action.LOAD && !log.isEmpty() && Requirements.mistrusted(OwnStatus.lines())
                ? Diagnosis.mistrusted(errno, log) : Diagnosis.of(action, errno, LibbpfMessages.headline(messages), log);
        if (!log.isEmpty()) {
            LOG.warn("{}: the verifier's log ends with\n{}", action.failed(subject), end(log));
        }
        Problem problem = Problem.of(diagnosis.code(), action.failed(subject), diagnosis.why(), diagnosis.fix());
        return new BpfException(problem, errno, log);
    }
}
