package io.loom.libbpf.internal;

import static io.loom.libbpf.internal.Errno.E2BIG;
import static io.loom.libbpf.internal.Errno.EACCES;
import static io.loom.libbpf.internal.Errno.EBUSY;
import static io.loom.libbpf.internal.Errno.EEXIST;
import static io.loom.libbpf.internal.Errno.EINVAL;
import static io.loom.libbpf.internal.Errno.EMFILE;
import static io.loom.libbpf.internal.Errno.ENODEV;
import static io.loom.libbpf.internal.Errno.ENOENT;
import static io.loom.libbpf.internal.Errno.ENOLINK;
import static io.loom.libbpf.internal.Errno.ENOMEM;
import static io.loom.libbpf.internal.Errno.ENOSPC;
import static io.loom.libbpf.internal.Errno.EPERM;
import static io.loom.libbpf.internal.Errno.ERANGE;

import java.util.List;

/**
 * What an error number means for a given action, and what to do about it. Pure. Codes are those of docs/errors.md, 10xx.
 *
 * @param why cause, ending with the errno's name in parentheses
 * @param fix what to do
 */
public record Diagnosis(String code, String why, String fix) {
    public static final String CODE_LIBRARY = "LOOM-1001";
    public static final String CODE_PRIVILEGE = "LOOM-1002";
    public static final String CODE_BPFFS = "LOOM-1003";
    public static final String CODE_KERNEL = "LOOM-1004";
    public static final String CODE_VERIFIER = "LOOM-1005";
    public static final String CODE_LINK = "LOOM-1006";
    public static final String CODE_OBJECT = "LOOM-1007";
    public static final String CODE_OCCUPIED = "LOOM-1008";
    public static final String CODE_DEVICE = "LOOM-1009";
    public static final String CODE_MODE = "LOOM-1010";
    public static final String CODE_MEMORY = "LOOM-1011";
    public static final String CODE_FULL = "LOOM-1012";
    public static final String CODE_PIN = "LOOM-1013";
    public static final String CODE_PROGRAM_CHANGED = "LOOM-1014";
    static final String CODE_EXISTS = "LOOM-1015";
    public static final String CODE_SHAPE = "LOOM-1016";
    public static final String CODE_MITIGATED = "LOOM-1017";
    static final String CODE_OTHER = "LOOM-1099";

    /** What to do instead of offload. */
    public static final String NOT_ON_THE_CARD = "set mode: native, which runs it in the driver, or allow generic mode by xdp.fallback: generic";

    private static final int LOG_LINES = 3;

    /**
     * @param message what libbpf printed; empty if nothing
     * @param log     the verifier's log; empty if none
     */
    public static Diagnosis of(Action action, int errno, String message, String log) {
        Diagnosis found = switch (action) {
            case LINK -> new Diagnosis(CODE_LINK, message,
                    "build the objects against this version's include/loom headers, with clang -g -target bpf");
            case OPEN -> new Diagnosis(CODE_OBJECT, message,
                    "use an object compiled by clang -g -target bpf (bpf-objects/compile) and linked by Loom");
            case LOAD -> load(errno, message, log);
            case CREATE_MAP -> createMap(errno, message);
            case WRITE_MAP -> writeMap(errno, message);
            case PIN, OPEN_PIN -> pin(action, errno);
            case ATTACH -> attach(errno, message);
            case OFFLOAD -> offload(errno, message, log);
            case REPLACE, DETACH -> replace(errno);
            default -> common(errno, message);
        };
        String why = found.why.isEmpty() ? Errno.name(errno) : found.why + " (" + Errno.name(errno) + ")";
        return new Diagnosis(found.code, why, found.fix);
    }

    /** The verifier refused the program of a process that lacks CAP_PERFMON, which it takes from others. */
    static Diagnosis mistrusted(int errno, String log) {
        return new Diagnosis(CODE_PRIVILEGE, "the process lacks CAP_PERFMON, without which the kernel's verifier refuses it: " + lastWords(log)
                + " (" + Errno.name(errno) + ")", Requirements.GRANT_PERFMON);
    }

    private static Diagnosis load(int errno, String message, String log) {
        if (!log.isEmpty() && (errno == EACCES || errno == EINVAL || errno == E2BIG || errno == EPERM)) {
            return new Diagnosis(CODE_VERIFIER, "the kernel's verifier refused it: " + lastWords(log),
                    errno == E2BIG ? "the program is too complex for this kernel: use a newer one or fewer methods"
                            : "report it with the verifier's whole log, or remove the method deployed last");
        }
        return createMap(errno, message);
    }

    private static Diagnosis createMap(int errno, String message) {
        return switch (errno) {
            case E2BIG, ENOMEM -> new Diagnosis(CODE_MEMORY, "not enough memory for a map of this size",
                    "set a smaller max_entries or give the host (or its memory cgroup) more memory");
            default -> common(errno, message);
        };
    }

    private static Diagnosis writeMap(int errno, String message) {
        return switch (errno) {
            case E2BIG, ENOSPC -> new Diagnosis(CODE_FULL, "the map is full, or the key is beyond its end",
                    "set a larger max_entries and restart");
            case EEXIST -> new Diagnosis(CODE_EXISTS, "the key is there already", "delete it first");
            case ENOENT -> new Diagnosis(CODE_EXISTS, "the key is not there", "insert it first");
            default -> common(errno, message);
        };
    }

    private static Diagnosis pin(Action action, int errno) {
        return switch (errno) {
            case ENOENT -> action == Action.OPEN_PIN
                    ? new Diagnosis(CODE_PIN, "nothing is pinned there", "start Loom, or name the bpffs it uses with --bpffs")
                    : new Diagnosis(CODE_PIN, "the directory does not exist", "create it below a bpffs with mkdir -p");
            case EEXIST -> new Diagnosis(CODE_PIN, "something is pinned there already",
                    "remove it with rm, or choose another instance name");
            case EINVAL, EPERM -> new Diagnosis(CODE_PIN, "the path is not on a bpffs, or the pin is of another kind",
                    "mount -t bpf bpf /sys/fs/bpf, or name the right bpffs with --bpffs; pinning needs CAP_BPF");
            default -> common(errno, "");
        };
    }

    private static Diagnosis attach(int errno, String message) {
        if (Errno.unsupported(errno)) {
            return new Diagnosis(CODE_MODE, "the driver has no XDP in this mode",
                    "set mode: generic (slower), or use an interface whose driver supports native XDP");
        }
        return switch (errno) {
            case EBUSY, EEXIST -> new Diagnosis(CODE_OCCUPIED, "another XDP program is attached to this interface",
                    "find it with 'bpftool net show', take it off ('ip link set dev IF xdp off', or stop its owner)");
            case ENODEV -> new Diagnosis(CODE_DEVICE, "there is no such interface in this network namespace",
                    "create it or correct 'interface'; see 'ip link'");
            // No message comes with it (the kernel's goes to netlink only): what drivers mean by these numbers in ndo_bpf.
            case ERANGE -> new Diagnosis(CODE_MODE, "its MTU is above what the driver allows with XDP",
                    "lower the MTU (ip link set IF mtu 1500), or set mode: generic");
            case ENOSPC, ENOMEM -> new Diagnosis(CODE_MODE, "the driver has too few queues for XDP",
                    "give it one queue for each CPU (ethtool -L IF combined N), or set mode: generic");
            case EINVAL -> new Diagnosis(CODE_MODE, "the driver does not allow XDP with the interface's present settings",
                    "lower the MTU (1500 is always fine), turn off LRO (ethtool -K IF lro off), or set mode: generic");
            default -> common(errno, message);
        };
    }

    /** What the driver has to say comes as a log or not at all; libbpf says which part it was about. */
    private static Diagnosis offload(int errno, String message, String log) {
        if (!log.isEmpty()) {
            return new Diagnosis(CODE_MODE, "its driver says: " + lastWords(log), NOT_ON_THE_CARD);
        }
        if (Errno.unsupported(errno) || errno == EINVAL || errno == ENOMEM || errno == ENOSPC || errno == E2BIG) {
            return new Diagnosis(CODE_MODE, message.isEmpty() ? "its driver refuses any program that is for the card itself" : "its driver refuses a part of the program for the card itself: " + message,
                    NOT_ON_THE_CARD);
        }
        return attach(errno, message);
    }

    private static Diagnosis replace(int errno) {
        return switch (errno) {
            case ENOLINK -> new Diagnosis(CODE_DEVICE, "the interface it was attached to is gone",
                    "attach anew when the interface is back");
            case EPERM -> new Diagnosis(CODE_PROGRAM_CHANGED,
                    "the link runs another program than expected, or CAP_NET_ADMIN is missing",
                    "check with 'bpftool link show' whether another process updates this link");
            default -> common(errno, "");
        };
    }

    private static Diagnosis common(int errno, String message) {
        if (Errno.unsupported(errno)) {
            return new Diagnosis(CODE_KERNEL, message.isEmpty() ? "this kernel does not support it" : message,
                    "use a newer kernel (5.10 at least)");
        }
        return switch (errno) {
            case EPERM, EACCES -> new Diagnosis(CODE_PRIVILEGE, "the process may not do that",
                    "run as root, or with CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON, outside an unprivileged container");
            case ENOMEM -> new Diagnosis(CODE_MEMORY, "the kernel has no memory left for it",
                    "give the host (or its memory cgroup) more memory, or set a smaller max_entries");
            case EMFILE -> new Diagnosis(CODE_MEMORY, "the process has too many open files",
                    "raise its limit (LimitNOFILE=, ulimit -n)");
            default -> new Diagnosis(CODE_OTHER, message, "report it, with this line and the kernel's version");
        };
    }

    /** The verifier puts the reason last, before a line of statistics. */
    private static String lastWords(String log) {
        List<String> lines = log.lines().map(String::strip)
                .filter(line -> !line.isEmpty() && !line.startsWith("processed ") && !line.startsWith("verification time"))
                .toList();
        return String.join(" / ", lines.subList(Math.max(0, lines.size() - LOG_LINES), lines.size()));
    }
}
