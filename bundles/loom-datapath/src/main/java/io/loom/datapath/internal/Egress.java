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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
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
    /** What went wrong when it was tried last. */
    private volatile List<Problem> refusals = List.of();
    private volatile Set<Integer> strange = Set.of();

    /** @param mtus loom_mtus; empty while a program of an earlier version runs, which asks nothing of it */
    Egress(BpfMap devices, Supplier<Optional<BpfMap>> mtus) {
        this.devices = devices;
        this.mtus = mtus;
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
     * room for, is a problem until it is taken.
     *
     * @param ways by the number of an interface the one that carries its frames: mostly itself
     */
    void allow(Map<Integer, Integer> ways) {
        List<Problem> now = new ArrayList<>();
        new TreeMap<>(ways).forEach((ifindex, carrier) -> {
            try {
                if (devices.lookup(Keys.of(ifindex)).filter(value -> Keys.number(value) == carrier).isEmpty()) {
                    devices.update(Keys.of(ifindex), value(carrier), UpdateMode.ANY);
                }
            } catch (BpfException refused) {
                now.add(refusal(ifindex, "frames cannot leave on ", refused));
            }
        });
        mtus.get().ifPresent(map -> measure(map, ways.keySet(), now));
        now.stream().filter(refusal -> !refusals.contains(refusal)).forEach(refusal -> LOG.warn("{}", refusal));
        refusals = List.copyOf(now);
    }

    private Problem refusal(int ifindex, String what, BpfException refused) {
        return Problem.of(
                "LOOM-1280", what + Kernel.interfaceName(ifindex).orElse("interface " + ifindex), "the kernel does not take the entry: " + refused.getMessage(),
                "lead frames to backends, and attach the program, through no more than " + devices.maxEntries() + " interfaces; Loom tries again each second");
    }

    private void measure(BpfMap mtus, Set<Integer> ifindexes, List<Problem> refusals) {
        Map<Integer, Integer> known = new HashMap<>();
        mtus.forEach((ifindex, mtu) -> known.put(Keys.number(ifindex), Keys.number(mtu)));
        known.keySet().stream().filter(ifindex -> !ifindexes.contains(ifindex)).forEach(ifindex -> mtus.delete(Keys.of(ifindex)));
        for (int ifindex : new TreeSet<>(ifindexes)) {
            try {
                mtu(ifindex).filter(mtu -> !mtu.equals(known.get(ifindex)))
                        .ifPresent(mtu -> mtus.update(Keys.of(ifindex), Keys.of(mtu), UpdateMode.ANY));
            } catch (BpfException refused) {
                refusals.add(refusal(ifindex, "senders are not told how large packets may be for ", refused));
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
        Stream<Problem> strangers = strange.stream().map(Kernel::interfaceName).flatMap(Optional::stream).map(device -> Problem.of(
                "LOOM-1232", "backends are reached through " + device + ", which does not have the program",
                "most drivers transmit for the program only where it is attached, and nat's replies are seen only there",
                "add " + device + " to ebpf.interface"));
        return Stream.concat(strangers, refusals.stream()).toList();
    }

    private byte[] value(int ifindex) {
        return ByteBuffer.allocate(devices.valueSize()).order(ByteOrder.LITTLE_ENDIAN).putInt(ifindex).array();
    }
}
