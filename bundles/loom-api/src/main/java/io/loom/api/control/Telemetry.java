package io.loom.api.control;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.api.Verdict;
import java.util.List;
import org.osgi.annotation.versioning.ProviderType;

/** Counters read from the kernel's maps. Thread-safe; a read costs one batch call for each map. */
@ProviderType
public interface Telemetry {

    Counters read();

    /**
     * All counters are since the maps were made: they survive restarts of the control plane.
     *
     * @param verdicts           every number that has a name, zero ones too, ordered by number
     * @param connectionsCreated tracked connections since the table was made
     * @param connectionsActive  unexpired ones at the last sweep
     * @param mapFull            insertions that failed, whatever became of the packet
     * @param connectionsEvicted unexpired connections whose place a new one took, because the table was full there
     * @param maps               sizes and memory
     * @param limits             of vips and backends that have one
     * @param cpus               what each possible CPU has done; none if the counters are not kept by CPU
     * @param acl                rules of ebpf.acl in the kernel, by address family
     * @param ports              of backends that are reached by a method that gives connections ports of Loom's
     * @param offloads           of interfaces that have the program
     */
    record Counters(
            List<VerdictCount> verdicts,
            long connectionsCreated,
            long connectionsActive,
            long mapFull,
            long connectionsEvicted,
            List<BackendCount> backends,
            List<ListenerCount> listeners,
            List<MapUse> maps,
            List<LimitUse> limits,
            List<CpuCount> cpus,
            List<AclUse> acl,
            List<PortUse> ports,
            List<OffloadCount> offloads) {

        /** Without ports and interfaces. */
        public Counters(
                List<VerdictCount> verdicts, long connectionsCreated, long connectionsActive, long mapFull,
                long connectionsEvicted, List<BackendCount> backends, List<ListenerCount> listeners, List<MapUse> maps,
                List<LimitUse> limits, List<CpuCount> cpus, List<AclUse> acl) {
            this(verdicts, connectionsCreated, connectionsActive, mapFull, connectionsEvicted, backends, listeners, maps,
                    limits, cpus, acl, List.of(), List.of());
        }

        /** Without limits, CPUs, rules for sources, ports and interfaces. */
        public Counters(
                List<VerdictCount> verdicts, long connectionsCreated, long connectionsActive, long mapFull,
                long connectionsEvicted, List<BackendCount> backends, List<ListenerCount> listeners, List<MapUse> maps) {
            this(verdicts, connectionsCreated, connectionsActive, mapFull, connectionsEvicted, backends, listeners, maps,
                    List.of(), List.of(), List.of());
        }

        public Counters {
            verdicts = List.copyOf(verdicts);
            backends = List.copyOf(backends);
            listeners = List.copyOf(listeners);
            maps = List.copyOf(maps);
            limits = List.copyOf(limits);
            cpus = List.copyOf(cpus);
            acl = List.copyOf(acl);
            ports = List.copyOf(ports);
            offloads = List.copyOf(offloads);
        }
    }

    /** @param reason lower case, such as {@code pass_no_listener}, {@code nat_drop_ports_exhausted} */
    record VerdictCount(int number, String reason, Verdict.Action action, long packets, long bytesIn, long bytesOut) {}

    /**
     * Client to backend. Summed over the forwarding methods by which the endpoint is reached.
     *
     * @param overflows connections that were its own and that another backend got, because it had as many as it may
     */
    record BackendCount(Endpoint endpoint, long packets, long bytes, long connections, long active, long overflows) {

        /** Of a backend that has seen no packet. */
        public static BackendCount none(Endpoint endpoint) {
            return new BackendCount(endpoint, 0, 0, 0, 0, 0);
        }
    }

    /**
     * @param listener {@code tcp 10.0.0.1:80}
     * @param active   unexpired tracked connections at the last sweep
     */
    record ListenerCount(String listener, long packets, long bytes, long connections, long active) {}

    /**
     * A limit of connections, and how much of it is used.
     *
     * @param name name of a vip, or endpoint of a backend
     * @param open connections that have neither ended nor expired
     */
    record LimitUse(Owner owner, String name, long limit, long open) {
        public enum Owner { VIP, BACKEND }
    }

    /**
     * Ports of Loom's towards a backend, of the protocol that uses more of them; over all addresses that Loom has towards it.
     *
     * @param used by connections at the last sweep; a port stays in use for some time after its connection has ended
     * @param max  more connections of a protocol cannot lead there at a time
     */
    record PortUse(Endpoint backend, long used, long max) {
        /** From here on the operator is warned. */
        public static final int NEARLY_ALL_PERCENT = 80;

        public boolean nearlyAll() {
            return used * 100 >= max * NEARLY_ALL_PERCENT;
        }
    }

    /**
     * What came in on an interface that its sender had left to a network card, and that could not be made good; since the program is there in
     * that mode.
     *
     * @param unfinished packets with an empty checksum that were sent on: first packets of connections are looked at
     * @param oversized  packets of several segments that were too big for where they had to go
     */
    record OffloadCount(String device, long unfinished, long oversized) {}

    /** Frames that the program has seen on a CPU, and their bytes on entry. */
    record CpuCount(int cpu, long packets, long bytes) {}

    /**
     * Networks whose connections may begin, and those whose may not, in the kernel.
     *
     * @param max both together
     */
    record AclUse(Family family, long allow, long deny, long max) {}

    /** @param memoryBytes what the kernel charges for it, 0 if unknown */
    record MapUse(String name, String type, int id, int maxEntries, long memoryBytes) {}
}
