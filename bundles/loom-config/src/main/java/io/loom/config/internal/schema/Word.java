package io.loom.config.internal.schema;

import io.loom.config.internal.Code;
import java.util.regex.Pattern;

/** Text of a certain form. @param description such as {@code a name}, @param form what its characters may be, in words */
public record Word(String description, String form, Pattern pattern) implements ScalarType {
    /** Of vips and upstreams: also used in URLs and metric labels. */
    public static final Word NAME = new Word("a name", "letters, digits, '-', '_' and '.', at most 63, a letter or digit first",
            Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}"));
    /** Of algorithms and forwarding methods, which bundles provide. */
    public static final Word METHOD = new Word("the name of a method", "small letters, digits, '-' and '_', at most 32",
            Pattern.compile("[a-z][a-z0-9_-]{0,31}"));
    /** What Linux accepts as a network device name. */
    public static final Word DEVICE = new Word("the name of a network interface",
            "1 to 15 characters without '/', ':' and spaces", Pattern.compile("(?!\\.{1,2}$)[^/:\\s\\p{Cntrl}]{1,15}"));
    /** As clang's SEC() takes it. */
    public static final Word ELF_SECTION = new Word("the name of an ELF section", "letters, digits, '_', '.', '-' and '/', at most 127",
            Pattern.compile("[A-Za-z0-9_./-]{1,127}"));
    /** A label is of 1 to 63 characters; an all-numeric last one would be an address (RFC 1123, 2.1). */
    public static final Word HOST = new Word("the name of a host",
            "labels of letters, digits, '-' and '_' with dots between them, at most 253 characters, no port and no address",
            Pattern.compile("(?=.{1,253}$)(?!.*\\.[0-9]+$)(?![0-9]+$)(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\\.)*"
                    + "[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"));
    public static final Word PATH = new Word("an absolute path", "begins with '/'", Pattern.compile("/[^\\p{Cntrl}]{0,4095}"));

    @Override
    public Parsed parse(String text, boolean plain) {
        return pattern.matcher(text).matches() ? new Good(text)
                : new Bad(Code.MALFORMED, ScalarType.shown(text) + " is not " + description, "use " + form);
    }

    @Override
    public String describe() {
        return description;
    }
}
