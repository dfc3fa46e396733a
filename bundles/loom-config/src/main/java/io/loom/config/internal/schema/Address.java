package io.loom.config.internal.schema;

import io.loom.api.IpAddress;
import io.loom.config.internal.Code;
import java.net.InetAddress;
import java.util.Optional;

/** An IPv4 or IPv6 address; never a host name, because a look-up could change what the file means. */
public record Address() implements ScalarType {
    /** Longest textual IPv6 address with an embedded IPv4 one. */
    private static final int LONGEST = 45;

    @Override
    public Parsed parse(String text, boolean plain) {
        Optional<InetAddress> address = text.length() > LONGEST ? Optional.empty() : IpAddress.parse(text);
        if (address.isPresent()) {
            return new Good(address.get());
        }
        return new Bad(Code.MALFORMED, ScalarType.shown(text) + " is not an IPv4 or IPv6 address", fix(text));
    }

    private static String fix(String text) {
        if (text.contains("/")) {
            return "leave the prefix length out";
        }
        return text.contains("%") ? "leave the zone out" : "write an address such as 10.0.1.10 or 2001:db8::10, not a name";
    }

    @Override
    public String describe() {
        return "an IPv4 or IPv6 address";
    }
}
