package io.loom.libbpf.internal;

import io.loom.api.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the host must offer, decided from what it reports. Pure. */
public final class Requirements {
    private static final int CAP_NET_ADMIN = 12;
    private static final int CAP_SYS_ADMIN = 21;
    private static final int CAP_PERFMON = 38;
    private static final int CAP_BPF = 39;
    static final String GRANT_PERFMON = "grant CAP_PERFMON too (systemd: AmbientCapabilities=CAP_BPF CAP_NET_ADMIN CAP_PERFMON)";
    private static final Pattern RELEASE = Pattern.compile("(\\d+)\\.(\\d+).*");

    private Requirements() {
    }

    /** @param reason what JNA said: a headline, then what the dynamic loader said at each place */
    public static Problem libraryMissing(String reason) {
        List<String> lines = reason.lines().toList();
        return Problem.of(Diagnosis.CODE_LIBRARY, "cannot load " + LibBpf.SONAME, lines.get(Math.min(1, lines.size() - 1)),
                "install libbpf 1.1 or later: apt-get install libbpf1");
    }

    public static Optional<Problem> library(int major, int minor) {
        if (major > 1 || major == 1 && minor >= 1) {
            return Optional.empty();
        }
        return Optional.of(Problem.of(Diagnosis.CODE_LIBRARY, "cannot use libbpf " + major + "." + minor,
                "1.1 or later is needed", "upgrade it: apt-get install libbpf1"));
    }

    /** @param release as {@code uname -r} prints it */
    public static Optional<Problem> kernel(String release) {
        Matcher matcher = RELEASE.matcher(release);
        if (matcher.matches()) {
            int major = Integer.parseInt(matcher.group(1));
            int minor = Integer.parseInt(matcher.group(2));
            if (major > 5 || major == 5 && minor >= 10) {
                return Optional.empty();
            }
        }
        return Optional.of(Problem.of(Diagnosis.CODE_KERNEL, "cannot run on Linux " + release, "5.10 is the oldest that works",
                "upgrade the kernel, for example to Debian 12's 6.1"));
    }

    /**
     * What nothing can be done without. The verifier decides what needs CAP_PERFMON as well.
     *
     * @param status lines of /proc/self/status; {@code CapEff} is a hexadecimal bit mask
     */
    public static Optional<Problem> capabilities(List<String> status) {
        long effective = effective(status);
        List<String> missing = new ArrayList<>();
        if (!has(effective, CAP_NET_ADMIN)) {
            missing.add("CAP_NET_ADMIN");
        }
        if (!has(effective, CAP_SYS_ADMIN) && !has(effective, CAP_BPF)) {
            missing.add("CAP_BPF");
        }
        if (missing.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(Problem.of(Diagnosis.CODE_PRIVILEGE, "cannot use BPF",
                "the process lacks " + String.join(", ", missing),
                "run as root, or grant them (systemd: AmbientCapabilities=CAP_BPF CAP_NET_ADMIN CAP_PERFMON)"));
    }

    /** Without CAP_PERFMON the kernel trusts no program: it refuses what may leak a pointer, and guards the rest against speculation. */
    public static boolean mistrusted(List<String> status) {
        long effective = effective(status);
        return !has(effective, CAP_SYS_ADMIN) && !has(effective, CAP_PERFMON);
    }

    /** What is to be said where programs load all the same. */
    public static Problem mitigated() {
        return Problem.of(Diagnosis.CODE_MITIGATED, "programs are slower than they could be",
                "the process lacks CAP_PERFMON, so the kernel adds its mitigations of speculative execution to what it loads", GRANT_PERFMON);
    }

    private static long effective(List<String> status) {
        return status.stream().filter(line -> line.startsWith("CapEff:")).findFirst()
                .map(line -> Long.parseUnsignedLong(line.substring("CapEff:".length()).strip(), 16)).orElse(0L);
    }

    private static boolean has(long mask, int capability) {
        return (mask >>> capability & 1) != 0;
    }
}
