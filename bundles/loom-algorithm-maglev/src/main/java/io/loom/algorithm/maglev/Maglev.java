package io.loom.algorithm.maglev;

import io.loom.api.plugin.Algorithm;
import io.loom.api.plugin.BackendSet;
import io.loom.api.plugin.LookupTable;
import org.osgi.service.component.annotations.Component;

/** The service. Stateless, so that any thread may call it. */
@Component
public final class Maglev implements Algorithm {

    @Override
    public String name() {
        return "maglev";
    }

    /** @throws IllegalArgumentException if {@code size} is not prime: a backend's walk would miss slots */
    @Override
    public LookupTable build(BackendSet backends, int size) {
        if (!isPrime(size)) {
            throw new IllegalArgumentException("maglev needs a prime number of slots, not " + size);
        }
        return new LookupTable(LookupTable.Index.FLOW_HASH, MaglevTable.fill(backends, size));
    }

    private static boolean isPrime(int number) {
        if (number < 2 || number % 2 == 0) {
            return number == 2;
        }
        for (int divisor = 3; (long) divisor * divisor <= number; divisor += 2) {
            if (number % divisor == 0) {
                return false;
            }
        }
        return true;
    }
}
