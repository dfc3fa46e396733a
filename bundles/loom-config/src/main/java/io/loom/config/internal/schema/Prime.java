package io.loom.config.internal.schema;

import io.loom.config.internal.Code;

/** A prime number between two primes, both included: the size of a maglev table (Eisenbud et al., Maglev, section 3.4). */
public record Prime(int min, int max) implements ScalarType {

    @Override
    public Parsed parse(String text, boolean plain) {
        Parsed number = new WholeNumber(min, max).parse(text, plain);
        if (number instanceof Good good && !isPrime((Integer) good.value())) {
            return new Bad(Code.NOT_PRIME, text + " is not a prime number",
                    "the next prime is " + next((Integer) good.value()));
        }
        return number;
    }

    @Override
    public String describe() {
        return "a prime number from " + min + " to " + max;
    }

    public static boolean isPrime(int number) {
        if (number < 2) {
            return false;
        }
        for (int divisor = 2; (long) divisor * divisor <= number; divisor++) {
            if (number % divisor == 0) {
                return false;
            }
        }
        return true;
    }

    /** The smallest prime that is not below the number. */
    public static int next(int number) {
        int candidate = number;
        while (!isPrime(candidate)) {
            candidate++;
        }
        return candidate;
    }
}
