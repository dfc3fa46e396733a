package io.loom.datapath.internal;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Which addresses Loom put on which interface. Kept in loom_meta, written before the address is added: whoever takes the
 * instance down finds them there, whenever the process died.
 */
final class AssignedAddresses {
    private static final String META = "address.";

    private final Meta meta;
    /** As it is in loom_meta, which nobody else changes meanwhile: each second asks for each address. */
    private final Map<String, String> devices;

    AssignedAddresses(Meta meta) {
        this.meta = meta;
        this.devices = meta.withPrefix(META);
    }

    void claim(String address, String device) {
        meta.put(META + address, device);
        devices.put(address, device);
    }

    /** The interface that has it by our doing. */
    Optional<String> device(String address) {
        return Optional.ofNullable(devices.get(address));
    }

    Set<String> all() {
        return Set.copyOf(devices.keySet());
    }

    /** Takes the address off if it is ours; a sentence that says so, empty if it is not. */
    Optional<String> takeOff(String address) {
        return takeOff(List.of(address)).stream().findFirst();
    }

    /** Takes those off that are ours, a sentence for each. */
    List<String> takeOff(Collection<String> addresses) {
        Map<String, String> ours = new TreeMap<>();
        addresses.forEach(address -> device(address).ifPresent(device -> ours.put(address, device)));
        boolean together = ours.size() > 1 && takeOffTogether(ours);
        List<String> done = new ArrayList<>();
        ours.forEach((address, device) -> {
            done.add(together ? "took address " + address + " off " + device : takeOff(address, device));
            meta.remove(META + address);
            devices.remove(address);
        });
        return done;
    }

    /** False if some of them may be there: each has to be tried by itself, and tells why. */
    private static boolean takeOffTogether(Map<String, String> ours) {
        try {
            IpCommand.batch(ours.entrySet().stream().map(entry -> String.join(" ", removal(entry.getKey(), entry.getValue()))).toList());
            return true;
        } catch (IOException someAreNot) {
            return false;
        }
    }

    private static String[] removal(String address, String device) {
        return new String[] {"addr", "del", address + (address.contains(":") ? "/128" : "/32"), "dev", device};
    }

    private static String takeOff(String address, String device) {
        try {
            IpCommand.run(removal(address, device));
            return "took address " + address + " off " + device;
        } catch (IOException notThere) {
            return "address " + address + " is not on " + device + " any more: " + notThere.getMessage();
        }
    }
}
