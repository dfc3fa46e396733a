package io.loom.config.internal.schema;

import java.util.List;
import java.util.Optional;

/** What kind of value a key takes. */
public sealed interface Type permits Type.Fields, Type.Items, Type.Either, ScalarType {

    /** For messages and the reference, such as {@code a whole number from 1 to 65535}. */
    String describe();

    /** A section with known keys; an empty one (no value) is a section that is present. */
    record Fields(List<Key> keys) implements Type {
        public Fields {
            keys = List.copyOf(keys);
        }

        public static Fields of(Key... keys) {
            return new Fields(List.of(keys));
        }

        public Optional<Key> key(String name) {
            return keys.stream().filter(key -> key.name().equals(name)).findFirst();
        }

        public List<String> names() {
            return keys.stream().map(Key::name).toList();
        }

        @Override
        public String describe() {
            return "a section";
        }
    }

    /** A list. @param single one item may be written without a list around it */
    record Items(Type item, boolean single) implements Type {
        @Override
        public String describe() {
            return item instanceof Fields ? "a list of sections"
                    : single ? item.describe() + ", or a list of them" : "a list, each " + item.describe();
        }
    }

    /** One word, or something with structure. */
    record Either(ScalarType word, Type structure) implements Type {
        @Override
        public String describe() {
            return word.describe() + ", or " + structure.describe();
        }
    }
}
