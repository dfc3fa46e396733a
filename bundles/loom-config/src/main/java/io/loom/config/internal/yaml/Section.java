package io.loom.config.internal.yaml;

import io.loom.config.internal.Place;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A mapping whose keys are known. Values that were invalid are reported already and look absent here, except to {@link #has}. */
public record Section(Place place, Map<String, Value> entries) implements Value {

    public Section {
        entries = Collections.unmodifiableMap(new LinkedHashMap<>(entries));
    }

    public static Section empty(Place place) {
        return new Section(place, Map.of());
    }

    /** True also for a value that was invalid. */
    public boolean has(String key) {
        return entries.containsKey(key);
    }

    /** Of the key's value, else of the section. */
    public Place placeOf(String key) {
        return has(key) ? entries.get(key).place() : place;
    }

    public Optional<Section> section(String key) {
        return entries.get(key) instanceof Section section ? Optional.of(section) : Optional.empty();
    }

    /** The section, an empty one if it is absent. */
    public Section sectionOrEmpty(String key) {
        return section(key).orElseGet(() -> empty(place));
    }

    /** The section unless it is absent or says {@code enabled: false}. */
    public Optional<Section> enabledSection(String key) {
        return section(key).filter(Section::enabled);
    }

    /** A section that is present is enabled unless it says otherwise. */
    public boolean enabled() {
        return flag("enabled", true);
    }

    public boolean flag(String key, boolean otherwise) {
        return scalar(key, Boolean.class).map(Located::value).orElse(otherwise);
    }

    public int number(String key, int otherwise) {
        return scalar(key, Integer.class).map(Located::value).orElse(otherwise);
    }

    public String word(String key, String otherwise) {
        return scalar(key, String.class).map(Located::value).orElse(otherwise);
    }

    public <T> Optional<Located<T>> scalar(String key, Class<T> type) {
        return scalar(entries.get(key), type);
    }

    public List<Section> sections(String key) {
        return items(key).stream().filter(Section.class::isInstance).map(Section.class::cast).toList();
    }

    public <T> List<Located<T>> scalars(String key, Class<T> type) {
        return items(key).stream().map(item -> scalar(item, type)).flatMap(Optional::stream).toList();
    }

    /** True for a list that is present but has no item at all, valid or not. */
    public boolean isEmptyList(String key) {
        return entries.get(key) instanceof Items list && list.items().isEmpty();
    }

    /** False also for a list whose items are all commented out. */
    public boolean hasItems(String key) {
        return has(key) && !isEmptyList(key);
    }

    private List<Value> items(String key) {
        return entries.get(key) instanceof Items list ? list.items() : List.of();
    }

    private static <T> Optional<Located<T>> scalar(Value value, Class<T> type) {
        return value instanceof Scalar scalar && type.isInstance(scalar.value())
                ? Optional.of(new Located<>(type.cast(scalar.value()), scalar.place())) : Optional.empty();
    }
}
