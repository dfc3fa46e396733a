package io.loom.config.internal.schema;

import io.loom.config.internal.Code;

/** A value without structure, which can be decided from its text alone. */
public sealed interface ScalarType extends Type
        permits Flag, WholeNumber, Prime, OrAuto, Word, Choice, TimeSpan, Address, Network, Mac {

    /**
     * @param text  as written, without quotes
     * @param plain false: it was quoted, so YAML makes it text whatever it looks like
     */
    Parsed parse(String text, boolean plain);

    /** What became of the text. */
    sealed interface Parsed {}

    /** @param value Boolean, Integer, String, Duration, InetAddress, Prefix or MacAddress */
    record Good(Object value) implements Parsed {}

    /** @param why what is wrong with the value, @param fix what to write instead */
    record Bad(Code code, String why, String fix) implements Parsed {}

    /** The text in a form fit for a message: quoted, bounded, without control characters. */
    static String shown(String text) {
        String clean = text.replaceAll("\\p{Cntrl}", "?");
        return '"' + (clean.length() > 60 ? clean.substring(0, 57) + "..." : clean) + '"';
    }
}
