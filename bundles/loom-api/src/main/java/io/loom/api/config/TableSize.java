package io.loom.api.config;

/** How many entries a lookup table has where the file leaves that open. */
public final class TableSize {
    /** In {@link Vip#tableSize()}: by the number of backends. */
    public static final int AUTO = 0;
    /** Backends have so many entries each (Eisenbud et al., Maglev, section 5.3: shares then differ by a hundredth). */
    private static final int EACH = 100;
    private static final int LEAST = 1021;

    private TableSize() {}

    /**
     * @param configured of the vip
     * @param inFile     servers of its upstream in the file, by which tables have one size on all balancers that have the file
     * @param all        those that were added at run time too; a table grows only where they are more than twice as many
     */
    public static int of(int configured, int inFile, int all) {
        if (configured != AUTO) {
            return configured;
        }
        int backends = Math.max(1, inFile);
        while (all > 2 * backends) {
            backends *= 2;
        }
        return auto(backends);
    }

    /** The prime number above 100 times the backends, at least 1021. */
    public static int auto(int backends) {
        int candidate = Math.max(LEAST, EACH * backends + 1);
        while (!isPrime(candidate)) {
            candidate++;
        }
        return candidate;
    }

    private static boolean isPrime(int number) {
        for (int divisor = 2; (long) divisor * divisor <= number; divisor++) {
            if (number % divisor == 0) {
                return false;
            }
        }
        return number > 1;
    }
}
