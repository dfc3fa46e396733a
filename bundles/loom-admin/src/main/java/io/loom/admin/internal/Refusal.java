package io.loom.admin.internal;

import io.loom.api.LoomException;
import java.util.Arrays;

/** The problems that REST itself finds, and the one place that decides which HTTP status a problem gets. */
enum Refusal {
    BAD_REQUEST("LOOM-3400", 400),
    FOREIGN("LOOM-3403", 403),
    NOT_FOUND("LOOM-3404", 404),
    METHOD("LOOM-3405", 405),
    SLOW("LOOM-3408", 408),
    DUPLICATE("LOOM-3409", 409),
    MISSING("LOOM-3411", 400),
    PRECONDITION("LOOM-3412", 412),
    TOO_LARGE("LOOM-3413", 413),
    UNKNOWN_FIELD("LOOM-3414", 400),
    WRONG_TYPE("LOOM-3415", 400),
    OUT_OF_RANGE("LOOM-3416", 400),
    UNUSABLE_ADDRESS("LOOM-3417", 400),
    FIXED_FIELD("LOOM-3418", 400),
    UNKNOWN_NAME("LOOM-3420", 400),
    BUSY("LOOM-3429", 429),
    INTERNAL("LOOM-3520", 500),
    BIND("LOOM-3521", 500),
    NOT_RUNNING("LOOM-3523", 503);

    private final String code;
    private final int status;

    Refusal(String code, int status) {
        this.code = code;
        this.status = status;
    }

    String code() {
        return code;
    }

    int status() {
        return status;
    }

    /**
     * Status for a failed change: that of the first problem's code. Configuration (2xxx) and other 34xx problems lie with
     * the request; kernel, plugin and process problems (1xxx, 4xxx, 5xxx) mean that it may succeed later.
     */
    static int statusOf(LoomException failure) {
        String code = failure.code();
        return Arrays.stream(values()).filter(known -> known.code.equals(code)).findFirst().map(Refusal::status)
                .orElseGet(() -> code.startsWith("LOOM-2") || code.startsWith("LOOM-34") ? 400 : 503);
    }
}
