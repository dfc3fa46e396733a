package io.loom.config.internal.schema;

/**
 * One key of a section.
 *
 * @param fallback what counts when it is absent, in words for the reference; empty for sections
 * @param meaning  one sentence for the reference
 * @param inEffect false: checked and accepted, but this version does nothing with it
 */
public record Key(String name, Type type, String fallback, String meaning, boolean required, boolean inEffect) {

    public static Key of(String name, Type type, String fallback, String meaning) {
        return new Key(name, type, fallback, meaning, false, true);
    }

    public static Key required(String name, Type type, String meaning) {
        return new Key(name, type, "required", meaning, true, true);
    }

    /** A key of the specification whose feature is not there yet. */
    public static Key accepted(String name, Type type, String meaning) {
        return new Key(name, type, "", meaning, false, false);
    }
}
