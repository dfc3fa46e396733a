package io.loom.config.internal.schema;

import io.loom.config.internal.Code;
import java.util.Locale;
import java.util.Set;

/** A switch. YAML 1.2: only {@code true} and {@code false}; {@code yes} and {@code on} are words there. */
public record Flag() implements ScalarType {
    private static final Set<String> YES = Set.of("yes", "on", "y", "1", "true");
    private static final Set<String> NO = Set.of("no", "off", "n", "0", "false");

    @Override
    public Parsed parse(String text, boolean plain) {
        if (plain && (text.equals("true") || text.equals("false"))) {
            return new Good(Boolean.valueOf(text));
        }
        String word = text.toLowerCase(Locale.ROOT);
        String fix = YES.contains(word) ? "write true" : NO.contains(word) ? "write false" : "write true or false";
        return new Bad(Code.WRONG_TYPE, ScalarType.shown(text) + " is not a switch", plain ? fix : fix + " without quotes");
    }

    @Override
    public String describe() {
        return "true or false";
    }
}
