package io.loom.datapath.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which drivers of network devices have native XDP: those of Linux that do it in a usual set-up. The kernel itself answers that
 * from 6.3 on only. One that is not listed may have it all the same.
 */
final class Drivers {
    private static final String VETH = "veth";
    private static final Set<String> NATIVE = Set.of(
            "atlantic", "bnxt_en", "cpsw", "ena", "fsl_dpaa2_eth", "fsl_enetc", "gve", "hv_netvsc", "i40e", "ice", "igb", "igc", "ixgbe",
            "ixgbevf", "mana", "mlx4_en", "mlx5_core", "mvneta", "mvpp2", "nfp", "nicvf", "qede", "sfc", "tun", VETH, "virtio_net");

    private final Path net;
    private final Carriers.Description description;
    private final Map<Integer, String> known = new HashMap<>();

    /**
     * @param net         /sys/class/net
     * @param description of a device, as {@code ip -d -o link} gives it
     */
    Drivers(Path net, Carriers.Description description) {
        this.net = net;
        this.description = description;
    }

    /** The device's driver if it has native XDP. */
    synchronized Optional<String> withNativeXdp(String device, int ifindex) throws IOException {
        if (!known.containsKey(ifindex)) {
            known.put(ifindex, driver(device));
        }
        return Optional.of(known.get(ifindex)).filter(NATIVE::contains);
    }

    /** Empty if the kernel names none. */
    private String driver(String device) throws IOException {
        Path link = net.resolve(device).resolve("device/driver");
        if (Files.exists(link)) {
            return link.toRealPath().getFileName().toString();
        }
        return description.of(device).contains(" " + VETH + " ") ? VETH : "";
    }
}
