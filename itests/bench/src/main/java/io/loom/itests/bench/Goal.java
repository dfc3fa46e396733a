package io.loom.itests.bench;

import io.loom.api.Family;
import java.util.Optional;

/**
 * What a case may cost, as a part of what the reference costs.
 *
 * @param ratio for IPv4; IPv6 is granted a tenth more
 */
record Goal(Reference.Figure figure, Family family, double ratio) {
    private static final double GRANTED_TO_IPV6 = 0.10;

    double target() {
        return family == Family.IPV4 ? ratio : ratio + GRANTED_TO_IPV6;
    }

    Optional<Double> reference(Traffic traffic, double floor) {
        return figure.scaled(family, traffic, floor);
    }
}
