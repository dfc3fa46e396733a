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

    /** @param status lines of /proc/self/status; {@code CapEff} is a hexadecimal bit mask */
    public static Optional<Problem> capabilities(List<String> status) {
        long effective = status.stream().filter(line -> line.startsWith("CapEff:")).findFirst()
                .map(line -> Long.parseUnsignedLong(line.substring("CapEff:".length()).strip(), 16)).orElse(0L);
        List<String> missing = new ArrayList<>();
        if (!has(effective, CAP_NET_ADMIN)) {
            missing.add("CAP_NET_ADMIN");
        }
        if (!has(effective, CAP_SYS_ADMIN)) {
            if (!has(effective, CAP_BPF)) {
                missing.add("CAP_BPF");
            }
            if (!has(effective, CAP_PERFMON)) {
                missing.add("CAP_PERFMON");
            }
        }
        if (missing.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(Problem.of(Diagnosis.CODE_PRIVILEGE, "cannot use BPF",
                "the process lacks " + String.join(", ", missing),
                "run as root, or grant them (systemd: AmbientCapabilities=CAP_BPF CAP_NET_ADMIN CAP_PERFMON)"));
    }

    private static boolean has(long mask, int capability) {
        return (mask >>> capability & 1) != 0;
    }
}
