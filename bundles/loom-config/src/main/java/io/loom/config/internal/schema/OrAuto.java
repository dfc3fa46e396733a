package io.loom.config.internal.schema;

import io.loom.api.config.TableSize;

/** The size of a lookup table, or the word that leaves it to the number of backends. */
public record OrAuto(ScalarType number) implements ScalarType {
    private static final String AUTO = "auto";

    @Override
    public Parsed parse(String text, boolean plain) {
        return text.equals(AUTO) ? new Good(TableSize.AUTO) : number.parse(text, plain);
    }

    @Override
    public String describe() {
        return number.describe() + ", or the word " + AUTO;
    }
}
