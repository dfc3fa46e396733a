package io.loom.config.internal.yaml;

import io.loom.config.internal.Place;
import java.util.List;

/** A value that the schema allows, with its place. */
public sealed interface Value permits Value.Scalar, Value.Items, Value.Invalid, Section {

    Place place();

    /** @param value Boolean, Integer, String, Duration, InetAddress or Prefix, as the key's type says */
    record Scalar(Place place, Object value) implements Value {}

    /** A list, in which items may be invalid. */
    record Items(Place place, List<Value> items) implements Value {
        public Items {
            items = List.copyOf(items);
        }
    }

    /** Something was written, but not what the schema wants; already reported. */
    record Invalid(Place place) implements Value {}
}
