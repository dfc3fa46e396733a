package io.loom.libbpf.internal;

import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What libbpf would print to stderr, kept per thread until the next {@link Check} takes it into an exception. libbpf calls the
 * print function on the thread that called libbpf, so a thread only ever sees its own messages.
 */
final class LibbpfMessages {
    /** libbpf prints a refused program's log, which it fetches into a buffer that it grows as needed, between these. */
    private static final String LOG_BEGIN = "-- BEGIN PROG LOAD LOG --";
    private static final String LOG_END = "-- END PROG LOAD LOG --";
    private static final int LIBBPF_DEBUG = 2;
    private static final Logger LOG = LoggerFactory.getLogger(LibbpfMessages.class);
    /** Holds nothing for a thread without messages, so that pooled threads keep no part of a bundle that is gone. */
    private static final ThreadLocal<StringBuilder> PENDING = new ThreadLocal<>();

    /** libbpf keeps only the function's address: this reference keeps it alive. */
    private static final LibBpf.Print PRINT = LibbpfMessages::print;

    private LibbpfMessages() {
    }

    static void capture() {
        LibBpf.libbpf_set_print(PRINT);
    }

    private static int print(int level, Pointer format, Pointer arguments) {
        if (level >= LIBBPF_DEBUG) {
            return 0;
        }
        PointerByReference text = new PointerByReference();
        int length = LibC.vasprintf(text, format, arguments);
        if (length >= 0) {
            if (PENDING.get() == null) {
                PENDING.set(new StringBuilder());
            }
            PENDING.get().append(text.getValue().getString(0, "UTF-8"));
            LibC.free(text.getValue());
        }
        return length;
    }

    /** Messages since the last call on this thread; empty if none. */
    static String take() {
        StringBuilder pending = PENDING.get();
        PENDING.remove();
        return pending == null ? "" : pending.toString();
    }

    /** After a call that worked: warnings are worth a debug line, no more. */
    static void settle() {
        if (PENDING.get() != null) {
            LOG.debug("libbpf: {}", take().strip());
        }
    }

    /** The verifier's log within the messages, untouched. */
    static Optional<String> verifierLog(String messages) {
        int begin = messages.indexOf(LOG_BEGIN);
        int end = messages.indexOf(LOG_END, Math.max(begin, 0));
        if (begin < 0 || end < 0) {
            return Optional.empty();
        }
        int first = messages.indexOf('\n', begin) + 1;
        // The end marker's line starts with libbpf's own prefix; the log ends with the line break before it.
        int last = Math.max(first, messages.lastIndexOf('\n', end) + 1);
        return Optional.of(messages.substring(first, last));
    }

    /** The first line of the messages that is not part of a verifier log, without libbpf's prefix. */
    static String headline(String messages) {
        return messages.lines().map(String::strip).filter(line -> line.startsWith("libbpf: "))
                .map(line -> line.substring("libbpf: ".length())).findFirst().orElse("");
    }
}
