package io.loom.datapath.internal;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Which addresses Loom put on which interface. Kept in loom_meta, written before the address is added: whoever takes the
 * instance down finds them there, whenever the process died.
 */
final class AssignedAddresses {
    private static final String META = "address.";

    private final Meta meta;
    private final Commands ip;
    /** As it is in loom_meta, which nobody else changes meanwhile: each second asks for each address. */
    private final Map<String, String> devices;

    /** See {@link IpCommand#batch}. */
    interface Commands {
        void batch(List<String> commands) throws IOException;
    }

    /**
     * What became of addresses that were to be taken off.
     *
     * @param done a sentence for each that is off
     * @param left those that are still there, with the reason
     */
    record Taken(List<String> done, SortedMap<String, String> left) {}

    AssignedAddresses(Meta meta) {
        this(meta, IpCommand::batch);
    }

    AssignedAddresses(Meta meta, Commands ip) {
        this.meta = meta;
        this.ip = ip;
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

    /** Takes those off that are ours. What cannot be taken off stays ours. */
    Taken takeOff(Collection<String> addresses) {
        SortedMap<String, String> leaving = new TreeMap<>();
        addresses.forEach(address -> device(address).ifPresent(device -> leaving.put(address, device)));
        Optional<IOException> failure = remove(leaving);
        Taken taken = new Taken(new ArrayList<>(), new TreeMap<>());
        leaving.forEach((address, device) -> {
            if (failure.isPresent() && HostAddresses.mayHaveAlone(device, address)) {
                taken.left().put(address, failure.get().getMessage());
            } else {
                taken.done().add(failure.isEmpty() ? "took address " + address + " off " + device
                        : "address " + address + " is not on " + device + " any more");
                meta.remove(META + address);
                devices.remove(address);
            }
        });
        return taken;
    }

    private Optional<IOException> remove(SortedMap<String, String> leaving) {
        try {
            ip.batch(leaving.entrySet().stream().map(entry -> removal(entry.getKey(), entry.getValue())).toList());
            return Optional.empty();
        } catch (IOException someAreNot) {
            return Optional.of(someAreNot);
        }
    }

    private static String removal(String address, String device) {
        return "addr del " + address + (address.contains(":") ? "/128" : "/32") + " dev " + device;
    }
}
