package io.loom.control.internal;

import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * A runtime change on its way to the kernel.
 *
 * @param edit what it does; throws LOOM-34xx if it is not allowed
 * @param done completed when it is in the kernel, or exceptionally when it is not and will not be
 */
record RuntimeChange(Function<RuntimeEdit, RuntimeEdit.Edited> edit, CompletableFuture<RuntimeEdit.Edited> done) {

    static RuntimeChange of(Function<RuntimeEdit, RuntimeEdit.Edited> edit) {
        return new RuntimeChange(edit, new CompletableFuture<>());
    }

    /** True if the one who asked has given up before it was begun. */
    boolean abandoned() {
        return done.isDone();
    }
}
