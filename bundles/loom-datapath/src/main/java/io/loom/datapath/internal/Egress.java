package io.loom.datapath.internal;

import io.loom.api.Problem;
import io.loom.libbpf.BpfException;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.Kernel;
import io.loom.libbpf.UpdateMode;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The interfaces on which frames may leave other than the one they came in on: entries of loom_devices, and of loom_mtus what each
 * carries. One thread.
 */
final class Egress {
    private static final Logger LOG = LoggerFactory.getLogger(Egress.class);

    private final BpfMap devices;
    private final Supplier<Optional<BpfMap>> mtus;
    private final Consumer<String> warn;
    /** What went wrong when it was tried last. */
    private Set<String> refusals = Set.of();
    private volatile Set<Integer> strange = Set.of();

    /** @param mtus loom_mtus; empty while a program of an earlier version runs, which asks nothing of it */
    Egress(BpfMap devices, Supplier<Optional<BpfMap>> mtus) {
        this(devices, mtus, LOG::warn);
    }

    Egress(BpfMap devices, Supplier<Optional<BpfMap>> mtus, Consumer<String> warn) {
        this.devices = devices;
        this.mtus = mtus;
        this.warn = warn;
    }

    /**
     * Frames may leave towards backends, and where the program is.
     *
     * @param carried interfaces whose frames another one carries, with that one
     */
    void follow(Set<Integer> towardsBackends, Set<Integer> attached, Map<Integer, Integer> carried) {
        compare(towardsBackends, attached);
        Map<Integer, Integer> ways = new HashMap<>(carried);
        Stream.concat(towardsBackends.stream(), attached.stream()).forEach(ifindex -> ways.put(ifindex, ifindex));
        allow(ways);
    }

    /**
     * The kernel deletes entries of interfaces that go, so each one is looked at again. What it refuses, such as one more than there is
     * room for, is said when it begins.
     *
     * @param ways by the number of an interface the one that carries its frames: mostly itself
     */
    void allow(Map<Integer, Integer> ways) {
        Set<String> now = new TreeSet<>();
        ways.forEach((ifindex, carrier) -> {
            try {
                if (devices.lookup(Keys.of(ifindex)).filter(value -> Keys.number(value) == carrier).isEmpty()) {
                    devices.update(Keys.of(ifindex), value(carrier), UpdateMode.ANY);
                }
            } catch (BpfException refused) {
                now.add("frames cannot leave on interface " + ifindex + ": " + refused.getMessage());
            }
        });
        mtus.get().ifPresent(map -> measure(map, ways.keySet(), now));
        now.stream().filter(refusal -> !refusals.contains(refusal)).forEach(warn);
        refusals = now;
    }

    private static void measure(BpfMap mtus, Set<Integer> ifindexes, Set<String> refusals) {
        Map<Integer, Integer> known = new HashMap<>();
        mtus.forEach((ifindex, mtu) -> known.put(Keys.number(ifindex), Keys.number(mtu)));
        known.keySet().stream().filter(ifindex -> !ifindexes.contains(ifindex)).forEach(ifindex -> mtus.delete(Keys.of(ifindex)));
        for (int ifindex : ifindexes) {
            try {
                mtu(ifindex).filter(mtu -> !mtu.equals(known.get(ifindex)))
                        .ifPresent(mtu -> mtus.update(Keys.of(ifindex), Keys.of(mtu), UpdateMode.ANY));
            } catch (BpfException refused) {
                refusals.add("backends are not told what interface " + ifindex + " carries: " + refused.getMessage());
            }
        }
    }

    /** Empty if it is gone. */
    private static Optional<Integer> mtu(int ifindex) {
        try {
            NetworkInterface device = NetworkInterface.getByIndex(ifindex);
            return device == null ? Optional.empty() : Optional.of(device.getMTU());
        } catch (SocketException gone) {
            return Optional.empty();
        }
    }

    /**
     * Notes which of the interfaces that lead to backends do not have the program.
     *
     * @param attached none: nothing is balanced, and nothing is wrong
     */
    private void compare(Set<Integer> towardsBackends, Set<Integer> attached) {
        Set<Integer> others = new TreeSet<>(towardsBackends);
        others.removeAll(attached);
        strange = attached.isEmpty() ? Set.of() : others;
    }

    List<Problem> problems() {
        return strange.stream().map(Kernel::interfaceName).flatMap(Optional::stream).map(device -> Problem.of(
                "LOOM-1232", "backends are reached through " + device + ", which does not have the program",
                "most drivers transmit for the program only where it is attached, and nat's replies are seen only there",
                "add " + device + " to ebpf.interface")).toList();
    }

    private byte[] value(int ifindex) {
        return ByteBuffer.allocate(devices.valueSize()).order(ByteOrder.LITTLE_ENDIAN).putInt(ifindex).array();
    }
}
