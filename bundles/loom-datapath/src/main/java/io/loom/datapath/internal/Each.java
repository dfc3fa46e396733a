package io.loom.datapath.internal;

import java.util.Collection;
import java.util.function.Consumer;

/** Does the same for many, also for those after one that it fails for. */
final class Each {
    private Each() {}

    /** @throws RuntimeException the first failure, with the others suppressed, when it has been tried for all */
    static <T> void of(Collection<T> all, Consumer<T> work) {
        RuntimeException first = null;
        for (T one : all) {
            try {
                work.accept(one);
            } catch (RuntimeException failure) {
                if (first == null) {
                    first = failure;
                } else {
                    first.addSuppressed(failure);
                }
            }
        }
        if (first != null) {
            throw first;
        }
    }
}
