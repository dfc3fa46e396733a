package io.loom.config.internal.schema;

import io.loom.api.MacAddress;
import io.loom.config.internal.Code;
import java.util.Optional;

/** The MAC address that a station can have, such as {@code 00:00:5e:00:01:0a}: neither a group's nor none. */
public record Mac() implements ScalarType {
    @Override
    public Parsed parse(String text, boolean plain) {
        Optional<MacAddress> mac = MacAddress.parse(text);
        if (mac.isEmpty()) {
            return new Bad(Code.MALFORMED, ScalarType.shown(text) + " is not a MAC address",
                    "write six pairs of hex digits with colons, such as 00:00:5e:00:01:0a");
        }
        if (mac.get().isGroup() || mac.get().isZero()) {
            return new Bad(Code.UNUSABLE_ADDRESS, text + " is no station's MAC address",
                    mac.get().isZero() ? "give the address that frames to this host have"
                            : "leave it out: frames to groups are looked at as they are");
        }
        return new Good(mac.get());
    }

    @Override
    public String describe() {
        return "a MAC address";
    }
}
