package io.loom.api.config;

import io.loom.api.Protocol;
import java.net.InetAddress;
import java.util.List;

/**
 * What clients connect to.
 *
 * @param name               unique; {@code default} for the flat form of the file
 * @param addresses          explicit addresses; empty if {@code interfaceAddresses}
 * @param interfaceAddresses true in the flat form: the addresses of the attached interfaces, followed as they change
 * @param services           protocols and ports; each with each address is one listener
 * @param algorithm          name of an algorithm, such as {@code maglev}
 * @param tableSize          entries of its lookup table, or {@link TableSize#AUTO}
 * @param forwarding         name of a forwarding method, such as {@code nat}
 * @param upstream           name of the group of backends
 * @param assign             put the explicit addresses on the interface (/32, /128)
 * @param connections        how its connections are treated
 * @param admission          which connections may begin
 */
public record Vip(
        String name,
        List<InetAddress> addresses,
        boolean interfaceAddresses,
        List<Service> services,
        String algorithm,
        int tableSize,
        String forwarding,
        String upstream,
        boolean assign,
        Connections connections,
        Admission admission) {

    /** One that takes every connection. */
    public Vip(
            String name, List<InetAddress> addresses, boolean interfaceAddresses, List<Service> services, String algorithm,
            int tableSize, String forwarding, String upstream, boolean assign, Connections connections) {
        this(name, addresses, interfaceAddresses, services, algorithm, tableSize, forwarding, upstream, assign, connections,
                Admission.OPEN);
    }

    public record Service(Protocol protocol, int port) {}

    /**
     * @param minimal    tracked only where two generations of the lookup table differ
     * @param affinity   a client's new connections go where its last one went
     * @param keepClient backends see the client's address: nat changes the destination only, replies are routed through Loom
     */
    public record Connections(boolean minimal, boolean affinity, boolean keepClient) {
        public static final Connections DEFAULT = new Connections(false, false, false);
    }

    public Vip {
        addresses = List.copyOf(addresses);
        services = List.copyOf(services);
    }

    public Vip withTableSize(int other) {
        return new Vip(name, addresses, interfaceAddresses, services, algorithm, other, forwarding, upstream, assign, connections,
                admission);
    }

    /** The same with that in the place of whatever it has. */
    public Vip with(Admission other) {
        return new Vip(name, addresses, interfaceAddresses, services, algorithm, tableSize, forwarding, upstream, assign, connections,
                other);
    }
}
