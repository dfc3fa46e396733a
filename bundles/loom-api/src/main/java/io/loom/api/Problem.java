package io.loom.api;

import java.util.Collection;
import java.util.stream.Collectors;

/**
 * Something that is wrong, in the form that people see:
 * {@code LOOM-1203 loom.yaml:4:9: cannot attach XDP to eth0 (native): MTU 9000 is above the driver's limit; set mtu 1500}.
 *
 * <p>It is one line, whatever the commands and file names say that it repeats.
 *
 * <p>Codes: {@code LOOM-1xxx} kernel and data path, {@code 2xxx} configuration, {@code 3xxx} runtime changes (REST, shell),
 * {@code 4xxx} plugins, {@code 5xxx} process and instance. A code is never reused; docs/errors.md lists them.
 *
 * @param code  {@code LOOM-nnnn}
 * @param where file:line:column or a JSON path; empty where there is no such place
 * @param what  what failed
 * @param why   the reason, empty if it is in {@code what}
 * @param fix   what to do; empty only if nothing can be done
 */
public record Problem(String code, String where, String what, String why, String fix) {
    private static final int MOST_QUOTED = 60;

    public Problem {
        if (!code.matches("LOOM-\\d{4}")) {
            throw new IllegalArgumentException("bad error code " + code);
        }
        where = line(where);
        what = line(what);
        why = line(why);
        fix = line(fix);
    }

    private static String line(String text) {
        return text.lines().limit(2).count() < 2 && !text.endsWith("\n") && !text.endsWith("\r") ? text
                : text.lines().map(String::strip).filter(line -> !line.isEmpty()).collect(Collectors.joining("; "));
    }

    public static Problem of(String code, String what, String why, String fix) {
        return new Problem(code, "", what, why, fix);
    }

    /** What somebody has written, as problems repeat it: in quotes, printable, and not long. */
    public static String quoted(String text) {
        String clean = text.replaceAll("[^\\x20-\\x7e]", "?");
        return "\"" + (clean.length() > MOST_QUOTED ? clean.substring(0, MOST_QUOTED) + "..." : clean) + "\"";
    }

    /**
     * Names of which there may be thousands: {@code a, b, c and 2 more}.
     *
     * @param first at least so many of them as are named, in order
     * @param all   how many there are
     * @param most  to name
     */
    public static String few(Collection<?> first, int all, int most) {
        String names = first.stream().limit(most).map(Object::toString).collect(Collectors.joining(", "));
        return all <= most ? names : names + " and " + (all - most) + " more";
    }

    /** What, why and fix without the code and place. */
    public String text() {
        return what + (why.isEmpty() ? "" : ": " + why) + (fix.isEmpty() ? "" : "; " + fix);
    }

    @Override
    public String toString() {
        return code + " " + (where.isEmpty() ? "" : where + ": ") + text();
    }
}
