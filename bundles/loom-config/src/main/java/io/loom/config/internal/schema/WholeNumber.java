package io.loom.config.internal.schema;

import io.loom.config.internal.Code;
import java.math.BigInteger;
import java.util.regex.Pattern;

/** A decimal whole number between two bounds, both included. @param reason of the upper bound; empty if it needs none */
public record WholeNumber(int min, int max, String reason) implements ScalarType {
    private static final Pattern DECIMAL = Pattern.compile("[-+]?(0|[1-9][0-9]*)");
    /** Longer ones are out of every range; parsing a million digits would cost quadratic time. */
    private static final int LONGEST = 20;

    public WholeNumber(int min, int max) {
        this(min, max, "");
    }

    @Override
    public Parsed parse(String text, boolean plain) {
        if (!DECIMAL.matcher(text).matches()) {
            return new Bad(Code.WRONG_TYPE, ScalarType.shown(text) + " is not a whole number", "give " + describe());
        }
        if (!plain) {
            return new Bad(Code.WRONG_TYPE, ScalarType.shown(text) + " is text because it is quoted", "remove the quotes");
        }
        if (text.length() > LONGEST || outside(new BigInteger(text))) {
            return new Bad(Code.OUT_OF_RANGE, shortened(text) + " is out of range" + (reason.isEmpty() ? "" : ": " + reason), "give " + describe());
        }
        return new Good(Integer.parseInt(text));
    }

    private boolean outside(BigInteger number) {
        return number.compareTo(BigInteger.valueOf(min)) < 0 || number.compareTo(BigInteger.valueOf(max)) > 0;
    }

    private static String shortened(String text) {
        return text.length() > LONGEST ? text.substring(0, LONGEST) + "..." : text;
    }

    @Override
    public String describe() {
        return "a whole number from " + min + " to " + max;
    }
}
