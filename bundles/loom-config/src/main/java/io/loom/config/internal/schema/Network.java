package io.loom.config.internal.schema;

import io.loom.api.Family;
import io.loom.api.IpAddress;
import io.loom.api.Prefix;
import io.loom.config.internal.Code;
import java.net.InetAddress;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A network such as {@code 172.16.0.0/16}, with bounds of the prefix length for each family, both included. */
public record Network(int min4, int max4, int min6, int max6) implements ScalarType {
    private static final Pattern FORM = Pattern.compile("([0-9a-fA-F.:]{2,45})/(0|[1-9][0-9]{0,2})");

    @Override
    public Parsed parse(String text, boolean plain) {
        Matcher form = FORM.matcher(text);
        Optional<InetAddress> address = form.matches() ? IpAddress.parse(form.group(1)) : Optional.empty();
        if (address.isEmpty()) {
            return new Bad(Code.MALFORMED, ScalarType.shown(text) + " is not a network",
                    "write an address and a prefix length, such as 172.16.0.0/16");
        }
        int length = Integer.parseInt(form.group(2));
        boolean four = Family.of(address.get()) == Family.IPV4;
        if (length < (four ? min4 : min6) || length > (four ? max4 : max6)) {
            return new Bad(Code.OUT_OF_RANGE, "prefix length " + length + " is out of range", "give " + describe());
        }
        Prefix network = Prefix.around(address.get(), length);
        return network.address().equals(address.get()) ? new Good(network)
                : new Bad(Code.MALFORMED, text + " has bits after its prefix", "write " + network);
    }

    @Override
    public String describe() {
        return "a network with a prefix of " + min4 + " to " + max4 + " bits (IPv4) or " + min6 + " to " + max6 + " bits (IPv6)";
    }
}
