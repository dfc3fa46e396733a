package io.loom.datapath.internal;

import io.loom.libbpf.KernelFile;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which devices share the frames of an interface that has the program, so that the MAC address of each is this host's there: the
 * bond or bridge that it belongs to and VLAN devices above, and what is below a VLAN device or a bond. Not macvlan and the like:
 * those are stations of their own. As /sys/class/net shows it. Holds nothing.
 */
final class StackedDevices {
    private final Path net;
    private final Readings readings;

    /** @param net {@code /sys/class/net} */
    StackedDevices(Path net, Readings readings) {
        this.net = net;
        this.readings = readings;
    }

    /** One look, with what could not be read; a device that has gone meanwhile is not among it. */
    private static final class Look {
        private final Path net;
        private final List<IOException> failures = new ArrayList<>();

        Look(Path net) {
            this.net = net;
        }

        private void failed(String device, IOException failure) {
            if (!Carriers.isGone(net, device)) {
                failures.add(failure);
            }
        }

        /** The device itself first. */
        private Set<String> around(String device) {
            Set<String> all = new LinkedHashSet<>(List.of(device));
            addAbove(device, all);
            addBelow(device, all);
            return all;
        }

        private void addAbove(String device, Set<String> all) {
            for (String above : linked(device, "upper_")) {
                if ((isMaster(above, device) || isVlan(above)) && all.add(above)) {
                    addAbove(above, all);
                }
            }
        }

        private void addBelow(String device, Set<String> all) {
            if (isVlan(device) || isBond(device)) {
                for (String below : linked(device, "lower_")) {
                    if (all.add(below)) {
                        addBelow(below, all);
                    }
                }
            }
        }

        /** Whether the device is a port or card of that one. */
        private boolean isMaster(String above, String device) {
            Path link = net.resolve(device).resolve("master");
            try {
                return Files.readSymbolicLink(link).getFileName().toString().equals(above);
            } catch (NoSuchFileException none) {
                return false;
            } catch (IOException unreadable) {
                failed(device, unreadable);
                return false;
            }
        }

        private boolean isBond(String device) {
            return Files.isDirectory(net.resolve(device).resolve("bonding"));
        }

        private boolean isVlan(String device) {
            try {
                return KernelFile.lines(net.resolve(device).resolve("uevent")).contains("DEVTYPE=vlan");
            } catch (IOException unreadable) {
                failed(device, unreadable);
                return false;
            }
        }

        private List<String> linked(String device, String prefix) {
            List<String> devices = new ArrayList<>();
            try (DirectoryStream<Path> links = Files.newDirectoryStream(net.resolve(device), prefix + "*")) {
                links.forEach(link -> devices.add(link.getFileName().toString().substring(prefix.length())));
            } catch (IOException unreadable) {
                failed(device, unreadable);
            }
            return devices;
        }
    }

    /**
     * Devices by the interface on which frames come in: those with the program, and a bond's cards, on which it runs.
     *
     * @param attached that have the program, or shall have it
     */
    Map<String, Set<String>> of(Collection<String> attached) {
        Map<String, Set<String>> devices = new LinkedHashMap<>();
        Look look = new Look(net);
        for (String interfaceName : attached) {
            devices.put(interfaceName, look.around(interfaceName));
            if (look.isBond(interfaceName)) {
                look.linked(interfaceName, "lower_").forEach(card -> devices.computeIfAbsent(card, look::around));
            }
        }
        readings.looked(net, "frames to the MAC address of a bond, a bridge or a VLAN device may be taken for another station's", look.failures);
        return devices;
    }
}
