package io.loom.itests.bench;

import io.loom.api.Family;
import io.loom.api.Protocol;
import java.util.Optional;

/**
 * What Katran does for the same packets, to be measured beside a case.
 *
 * @param kind  of packets
 * @param gue   whether the packets leave by GUE, which takes another object than IPIP
 * @param limit part of Katran's cost that the case may cost; empty: only told
 */
record Rival(Kind kind, Family family, Protocol protocol, boolean gue, Optional<Double> limit) {

    /** Packets of connections that exist, by how many there are; or of those that nobody has seen, into a full table; or for no vip. */
    enum Kind {
        ESTABLISHED_1(1), ESTABLISHED_16K(16_384), ESTABLISHED_128K(131_072), ESTABLISHED_1M(1_000_000), SYN(0), MISS(0), PASS(0);

        final int flows;

        Kind(int flows) {
            this.flows = flows;
        }
    }

    static Rival of(Kind kind, Family family) {
        return new Rival(kind, family, Protocol.TCP, false, Optional.empty());
    }

    /** @param v4 limit for IPv4 */
    static Rival limited(Kind kind, Family family, double v4, double v6) {
        return of(kind, family).within(family == Family.IPV4 ? v4 : v6);
    }

    private Rival within(double most) {
        return new Rival(kind, family, protocol, gue, Optional.of(most));
    }

    Rival byGue() {
        return new Rival(kind, family, protocol, true, limit);
    }

    Rival ofDatagrams() {
        return new Rival(kind, family, Protocol.UDP, gue, limit);
    }
}
