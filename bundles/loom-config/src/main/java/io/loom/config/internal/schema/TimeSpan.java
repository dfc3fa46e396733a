package io.loom.config.internal.schema;

import io.loom.config.internal.Code;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A duration with its unit, such as {@code 500ms}, {@code 300s}, {@code 5m}, {@code 1h}; both bounds are included. */
public record TimeSpan(Duration min, Duration max) implements ScalarType {
    /** Nine digits of hours still fit into a Duration's milliseconds. */
    private static final Pattern FORM = Pattern.compile("([0-9]+)(ms|s|m|h)");
    private static final int LONGEST = 11;

    @Override
    public Parsed parse(String text, boolean plain) {
        if (text.matches("[0-9]{1,9}")) {
            return new Bad(Code.MALFORMED, "the number " + text + " has no unit", withUnit(Long.parseLong(text)));
        }
        Matcher form = FORM.matcher(text);
        if (!form.matches()) {
            return new Bad(Code.MALFORMED, ScalarType.shown(text) + " is not a duration",
                    "write a whole number with ms, s, m or h, such as 300s");
        }
        if (text.length() > LONGEST) {
            return outOfRange(ScalarType.shown(text));
        }
        Duration span = span(Long.parseLong(form.group(1)), form.group(2));
        return within(span) ? new Good(span) : outOfRange(text);
    }

    private Parsed outOfRange(String text) {
        return new Bad(Code.OUT_OF_RANGE, text + " is out of range", "give " + describe());
    }

    /** Whoever leaves the unit out may have meant either, but none that is out of range. */
    private String withUnit(long count) {
        List<String> meant = Stream.of("ms", "s").filter(unit -> within(span(count, unit))).map(unit -> count + unit).toList();
        return meant.isEmpty() ? "give " + describe() : "write for example " + String.join(" or ", meant);
    }

    private boolean within(Duration span) {
        return span.compareTo(min) >= 0 && span.compareTo(max) <= 0;
    }

    private static Duration span(long count, String unit) {
        return switch (unit) {
            case "ms" -> Duration.ofMillis(count);
            case "s" -> Duration.ofSeconds(count);
            case "m" -> Duration.ofMinutes(count);
            default -> Duration.ofHours(count);
        };
    }

    /** The way it is written in the file. */
    public static String format(Duration span) {
        long millis = span.toMillis();
        if (millis % 1000 != 0) {
            return millis + "ms";
        }
        long seconds = millis / 1000;
        return seconds % 3600 == 0 ? seconds / 3600 + "h" : seconds % 60 == 0 ? seconds / 60 + "m" : seconds + "s";
    }

    @Override
    public String describe() {
        return "a duration from " + format(min) + " to " + format(max);
    }
}
