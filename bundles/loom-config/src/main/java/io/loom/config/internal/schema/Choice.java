package io.loom.config.internal.schema;

import io.loom.config.internal.Code;
import java.util.List;

/** One of a few words. */
public record Choice(List<String> words) implements ScalarType {

    public Choice {
        words = List.copyOf(words);
    }

    public static Choice of(String... words) {
        return new Choice(List.of(words));
    }

    @Override
    public Parsed parse(String text, boolean plain) {
        if (words.contains(text)) {
            return new Good(text);
        }
        String meant = Spelling.closest(text, words).map(word -> "did you mean " + word + "? allowed: ").orElse("allowed: ");
        return new Bad(Code.NOT_ALLOWED, ScalarType.shown(text) + " is not allowed here", meant + String.join(", ", words));
    }

    @Override
    public String describe() {
        return words.size() == 1 ? "the word " + words.get(0) : "one of " + String.join(", ", words);
    }
}
