package io.loom.api;

import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * An Ethernet address.
 *
 * @param text as {@code ip link} writes it: six pairs of lower-case hex digits with colons
 */
public record MacAddress(String text) implements Comparable<MacAddress> {
    public static final int BYTES = 6;

    private static final Pattern FORM = Pattern.compile("([0-9a-f]{2}:){5}[0-9a-f]{2}");
    private static final HexFormat HEX = HexFormat.ofDelimiter(":");

    public MacAddress {
        if (!FORM.matcher(text).matches()) {
            throw new IllegalArgumentException(text + " is not a MAC address");
        }
    }

    /** Of text in which letters may be capital ones; empty if it is none. */
    public static Optional<MacAddress> parse(String text) {
        String small = text.toLowerCase(Locale.ROOT);
        return FORM.matcher(small).matches() ? Optional.of(new MacAddress(small)) : Optional.empty();
    }

    /** @param bytes in the order in which they stand in a frame */
    public static MacAddress of(byte[] bytes) {
        return new MacAddress(HEX.formatHex(bytes));
    }

    /** In the order in which they stand in a frame. */
    public byte[] bytes() {
        return HEX.parseHex(text);
    }

    /** Multicast, broadcast included: no interface has one. */
    public boolean isGroup() {
        return (bytes()[0] & 1) != 0;
    }

    public boolean isZero() {
        return text.equals("00:00:00:00:00:00");
    }

    @Override
    public int compareTo(MacAddress other) {
        return text.compareTo(other.text);
    }

    @Override
    public String toString() {
        return text;
    }
}
