package io.loom.config.internal.schema;

/**
 * One key of a section.
 *
 * @param fallback what counts when it is absent, in words for the reference; empty for sections
 * @param meaning  one sentence for the reference
 */
public record Key(String name, Type type, String fallback, String meaning, boolean required) {

    public static Key of(String name, Type type, String fallback, String meaning) {
        return new Key(name, type, fallback, meaning, false);
    }

    public static Key required(String name, Type type, String meaning) {
        return new Key(name, type, "required", meaning, true);
    }
}
