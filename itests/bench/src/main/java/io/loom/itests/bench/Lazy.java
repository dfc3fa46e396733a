package io.loom.itests.bench;

import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Made when it is first asked for: a bench of few cases prepares no more than these need. One thread. */
final class Lazy<T> implements Supplier<T> {
    private final Supplier<T> maker;
    private Optional<T> made = Optional.empty();

    Lazy(Supplier<T> maker) {
        this.maker = maker;
    }

    @Override
    public T get() {
        if (made.isEmpty()) {
            made = Optional.of(maker.get());
        }
        return made.get();
    }

    void ifMade(Consumer<T> action) {
        made.ifPresent(action);
    }
}
