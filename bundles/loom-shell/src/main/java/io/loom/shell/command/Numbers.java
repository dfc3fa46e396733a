package io.loom.shell.command;

import java.util.Locale;

/** Counters as people read them. */
final class Numbers {
    private Numbers() {}

    /** Digits in groups of three, as {@code 1,234,567}; up to four digits stay together. */
    static String grouped(long number) {
        return Math.abs(number) < 10_000 ? Long.toString(number) : String.format(Locale.ROOT, "%,d", number);
    }

    /** A mark, or a space in its place, may follow. */
    static boolean isGrouped(String text) {
        return text.matches("-?[\\d,]+[* ]?");
    }
}
