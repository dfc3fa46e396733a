package io.loom.datapath.internal;

import java.io.IOException;
import java.util.Optional;
import java.util.Set;

/**
 * Which addresses Loom put on which interface. Kept in loom_meta, written before the address is added: whoever takes the
 * instance down finds them there, whenever the process died.
 */
final class AssignedAddresses {
    private static final String META = "address.";

    private final Meta meta;

    AssignedAddresses(Meta meta) {
        this.meta = meta;
    }

    void claim(String address, String device) {
        meta.put(META + address, device);
    }

    /** The interface that has it by our doing. */
    Optional<String> device(String address) {
        return meta.get(META + address);
    }

    Set<String> all() {
        return meta.withPrefix(META).keySet();
    }

    /** Takes the address off if it is ours; a sentence that says so, empty if it is not. */
    Optional<String> takeOff(String address) {
        Optional<String> device = device(address);
        if (device.isEmpty()) {
            return Optional.empty();
        }
        String done = "took address " + address + " off " + device.get();
        try {
            IpCommand.run("addr", "del", address + (address.contains(":") ? "/128" : "/32"), "dev", device.get());
        } catch (IOException notThere) {
            done = "address " + address + " is not on " + device.get() + " any more: " + notThere.getMessage();
        }
        meta.remove(META + address);
        return Optional.of(done);
    }
}
