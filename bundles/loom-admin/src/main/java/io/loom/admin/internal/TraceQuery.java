package io.loom.admin.internal;

import io.loom.api.IpAddress;
import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.api.Verdict;
import io.loom.api.control.Telemetry;
import io.loom.api.control.Tracing;
import io.loom.api.control.VipView;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What the parameters of a trace say.
 *
 * @param duration until it ends
 * @param limit    packets until it ends
 */
record TraceQuery(Duration duration, long limit, Tracing.Wanted wanted) {
    private static final Duration DEFAULT = Duration.ofSeconds(10);
    private static final Duration LONGEST = Duration.ofSeconds(60);
    private static final Pattern SPAN = Pattern.compile("(\\d+)(ms|s|m)?");
    private static final Pattern NUMBER = Pattern.compile("\\d+");
    private static final long MOST_PACKETS = 999_999_999;
    private static final Set<String> NAMES = new TreeSet<>(Set.of("duration", "limit", "address", "vip", "verdict"));

    /** @throws LoomException with all that is wrong with them */
    static TraceQuery parse(Map<String, String> parameters, Appliance appliance) {
        List<Problem> problems = new ArrayList<>(Call.unknown(parameters, NAMES));
        Duration duration = value(parameters, "duration").map(text -> duration(text, problems)).orElse(DEFAULT);
        long limit = value(parameters, "limit").map(text -> limit(text, problems)).orElse(Long.MAX_VALUE);
        Optional<InetAddress> address = value(parameters, "address").flatMap(text -> address(text, problems));
        Optional<String> vip = value(parameters, "vip");
        vip.ifPresent(name -> requireVip(name, appliance.control().vips(), problems));
        Set<Integer> verdicts = value(parameters, "verdict")
                .map(word -> verdicts(word, appliance.telemetry().read().verdicts(), problems)).orElse(Set.of());
        if (!problems.isEmpty()) {
            throw new LoomException(problems, null);
        }
        return new TraceQuery(duration, limit, new Tracing.Wanted(verdicts, address, vip));
    }

    private static Optional<String> value(Map<String, String> parameters, String name) {
        return Optional.ofNullable(parameters.get(name));
    }

    /** A bare number is of seconds. */
    private static Duration duration(String text, List<Problem> problems) {
        Matcher matcher = SPAN.matcher(text);
        String fix = "give 1ms to 60s, such as duration=10s";
        if (!matcher.matches()) {
            problems.add(new Problem(Refusal.WRONG_TYPE.code(), "?duration", Problem.quoted(text) + " is no duration", "", fix));
            return DEFAULT;
        }
        long number = number(matcher.group(1));
        Duration duration = switch (matcher.group(2) == null ? "s" : matcher.group(2)) {
            case "ms" -> Duration.ofMillis(number);
            case "m" -> Duration.ofMinutes(number);
            default -> Duration.ofSeconds(number);
        };
        if (duration.isZero() || duration.compareTo(LONGEST) > 0) {
            problems.add(new Problem(Refusal.OUT_OF_RANGE.code(), "?duration", Problem.quoted(text) + " is out of range",
                    duration.isZero() ? "it would end before the first packet" : "a trace lasts 60 s at most", fix));
        }
        return duration;
    }

    private static long limit(String text, List<Problem> problems) {
        String fix = "give 1 to " + MOST_PACKETS + ", such as limit=100";
        if (!NUMBER.matcher(text).matches()) {
            problems.add(new Problem(Refusal.WRONG_TYPE.code(), "?limit", Problem.quoted(text) + " is no number of packets", "", fix));
            return 1;
        }
        long limit = number(text);
        if (limit < 1 || limit > MOST_PACKETS) {
            problems.add(new Problem(Refusal.OUT_OF_RANGE.code(), "?limit", Problem.quoted(text) + " is out of range",
                    limit < 1 ? "it would end before the first packet" : "a trace has at most " + MOST_PACKETS + " packets", fix));
        }
        return limit;
    }

    /** Of digits alone. What is beyond every bound is cut, so that it fits. */
    private static long number(String digits) {
        String significant = digits.replaceFirst("^0+(?=.)", "");
        return significant.length() > 12 ? 1_000_000_000_000L : Long.parseLong(significant);
    }

    private static Optional<InetAddress> address(String text, List<Problem> problems) {
        Optional<InetAddress> address = IpAddress.parse(text);
        if (address.isEmpty()) {
            problems.add(new Problem(Refusal.WRONG_TYPE.code(), "?address", Problem.quoted(text) + " is no IP address",
                    "names are not looked up", "give one, such as address=10.0.0.1"));
        }
        return address;
    }

    private static void requireVip(String name, List<VipView> vips, List<Problem> problems) {
        if (vips.stream().noneMatch(vip -> vip.name().equals(name))) {
            String known = vips.stream().map(VipView::name).collect(Collectors.joining(", "));
            problems.add(new Problem(Refusal.UNKNOWN_NAME.code(), "?vip", "there is no vip " + Problem.quoted(name), "",
                    known.isEmpty() ? "leave it out" : "use one of " + known));
        }
    }

    /** A reason, or all those that drop or pass. */
    private static Set<Integer> verdicts(String word, List<Telemetry.VerdictCount> known, List<Problem> problems) {
        Set<Integer> numbers = known.stream().filter(verdict -> verdict.reason().equals(word) || isGroup(word, verdict.action()))
                .map(Telemetry.VerdictCount::number).collect(Collectors.toSet());
        if (numbers.isEmpty()) {
            problems.add(new Problem(Refusal.UNKNOWN_NAME.code(), "?verdict", "there is no verdict " + Problem.quoted(word), "",
                    "use drop, pass, or a reason that /ebpf/stats lists under verdicts, such as drop_no_backend"));
        }
        return numbers;
    }

    /** Not forward, which is a reason itself. */
    private static boolean isGroup(String word, Verdict.Action action) {
        return action != Verdict.Action.FORWARD && action.name().toLowerCase(Locale.ROOT).equals(word);
    }
}
