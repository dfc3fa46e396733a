package io.loom.control.internal;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.loom.api.Endpoint;
import io.loom.api.IpAddress;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;

/**
 * The form of {@code runtime.json}: one entry for each backend of which there is something to remember. What an entry has become is kept,
 * since of thousands a change touches one. One thread writes.
 */
final class RuntimeJson {
    private static final int VERSION = 1;
    private static final byte[] BETWEEN = ", ".getBytes(StandardCharsets.UTF_8);

    /** Of the entries that were written last. */
    private final Map<ServerRef, Text> texts = new HashMap<>();

    private final JsonMapper mapper = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .enable(SerializationFeature.INDENT_OUTPUT)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .defaultPropertyInclusion(JsonInclude.Value.construct(JsonInclude.Include.NON_NULL, JsonInclude.Include.ALWAYS))
            .build();

    record Document(int version, int nextId, int runtimeFrom, List<Entry> backends) {}

    /**
     * @param added      weight of a backend that was added
     * @param override   weight that overrides the file's, which was {@code file_weight}
     * @param removed    true: removed while the file's weight was {@code file_weight}
     * @param fileId     with {@code file_weight}, but for what an earlier version wrote; 0: the file gave none
     * @param fileMaxConnections the same
     */
    record Entry(
            String upstream, String address, int port, Integer id, Integer added, Integer override, Boolean removed,
            Integer fileWeight, Integer fileId, Integer fileMaxConnections) {}

    /** @param json its part of the document, when it was last made from the others */
    private record Text(
            Integer id, Integer added, RuntimeState.WeightOverride override, RuntimeState.FileEntry buried, byte[] json) {
        boolean says(Integer now, RuntimeState state, ServerRef ref) {
            return Objects.equals(id, now) && Objects.equals(added, state.added().get(ref))
                    && Objects.equals(override, state.overrides().get(ref)) && Objects.equals(buried, state.tombstones().get(ref));
        }
    }

    byte[] write(RuntimeState state) {
        Set<ServerRef> refs = refs(state);
        if (texts.size() > refs.size()) {
            texts.keySet().retainAll(refs);
        }
        List<byte[]> parts = new ArrayList<>(2 * refs.size() + 2);
        String frame = document(state.nextId(), state.runtimeFrom(), List.of());
        int middle = frame.lastIndexOf(']');
        parts.add(frame.substring(0, middle).getBytes(StandardCharsets.UTF_8));
        // An id is looked up where nearly all have one: who walks through thousands has it at hand.
        BiConsumer<ServerRef, Integer> add = (ref, id) -> {
            if (parts.size() > 1) {
                parts.add(BETWEEN);
            }
            parts.add(text(ref, id, state));
        };
        if (refs == state.ids().keySet()) {
            state.ids().forEach(add);
        } else {
            refs.forEach(ref -> add.accept(ref, state.ids().get(ref)));
        }
        parts.add(((refs.isEmpty() ? "" : " ") + frame.substring(middle)).getBytes(StandardCharsets.UTF_8));
        ByteBuffer all = ByteBuffer.allocate(parts.stream().mapToInt(part -> part.length).sum());
        parts.forEach(all::put);
        return all.array();
    }

    private byte[] text(ServerRef ref, Integer id, RuntimeState state) {
        Text before = texts.get(ref);
        if (before != null && before.says(id, state, ref)) {
            return before.json();
        }
        String alone = document(1, 0, List.of(entry(ref, state)));
        byte[] json = alone.substring(alone.indexOf('[') + 2, alone.lastIndexOf(']') - 1).getBytes(StandardCharsets.UTF_8);
        texts.put(ref, new Text(
                id, state.added().get(ref), state.overrides().get(ref), state.tombstones().get(ref), json));
        return json;
    }

    private String document(int nextId, int runtimeFrom, List<Entry> entries) {
        try {
            return mapper.writeValueAsString(new Document(VERSION, nextId, runtimeFrom, entries));
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException("records of numbers and text cannot fail to become JSON", impossible);
        }
    }

    /** Whoever is overridden or removed has an id most often. */
    private static Set<ServerRef> refs(RuntimeState state) {
        Set<ServerRef> ids = state.ids().keySet();
        if (ids.containsAll(state.overrides().keySet()) && ids.containsAll(state.tombstones().keySet())) {
            return ids;
        }
        Set<ServerRef> refs = new TreeSet<>(ids);
        refs.addAll(state.overrides().keySet());
        refs.addAll(state.tombstones().keySet());
        return refs;
    }

    private static Entry entry(ServerRef ref, RuntimeState state) {
        RuntimeState.WeightOverride override = state.overrides().get(ref);
        RuntimeState.FileEntry buried = state.tombstones().get(ref);
        Optional<RuntimeState.FileEntry> file = Optional.ofNullable(buried != null ? buried : override == null ? null : override.file());
        return new Entry(
                ref.upstream(), IpAddress.format(ref.endpoint().address()), ref.endpoint().port(), state.ids().get(ref),
                state.added().get(ref), override == null ? null : override.weight(), buried == null ? null : true,
                file.map(RuntimeState.FileEntry::weight).orElse(null), file.map(RuntimeState.FileEntry::id).filter(RuntimeJson::isKnown).orElse(null),
                file.map(RuntimeState.FileEntry::maxConnections).filter(RuntimeJson::isKnown).orElse(null));
    }

    private static boolean isKnown(int value) {
        return value != RuntimeState.FileEntry.UNKNOWN;
    }

    private static RuntimeState.FileEntry file(Entry entry) {
        return new RuntimeState.FileEntry(entry.fileWeight(), Objects.requireNonNullElse(entry.fileId(), RuntimeState.FileEntry.UNKNOWN),
                Objects.requireNonNullElse(entry.fileMaxConnections(), RuntimeState.FileEntry.UNKNOWN));
    }

    /** @throws IOException if it is not what {@link #write} makes */
    RuntimeState read(byte[] json) throws IOException {
        Document document = parse(json);
        if (document == null || document.version() != VERSION || document.backends() == null) {
            throw new IOException("it is not a version " + VERSION + " document with backends");
        }
        try {
            return state(document);
        } catch (IllegalArgumentException | NullPointerException contradiction) {
            throw new IOException("its content contradicts itself: " + contradiction.getMessage(), contradiction);
        }
    }

    private Document parse(byte[] json) throws IOException {
        try {
            return mapper.readValue(json, Document.class);
        } catch (JsonProcessingException malformed) {
            JsonLocation place = malformed.getLocation();
            String where = place == null ? "" : "line " + place.getLineNr() + ", column " + place.getColumnNr() + ": ";
            throw new IOException(where + malformed.getOriginalMessage().replaceAll("\\s*\\([^)]*\\)", ""), malformed);
        }
    }

    private static RuntimeState state(Document document) {
        Map<ServerRef, Integer> ids = new TreeMap<>();
        Map<ServerRef, Integer> added = new TreeMap<>();
        Map<ServerRef, RuntimeState.WeightOverride> overrides = new TreeMap<>();
        Map<ServerRef, RuntimeState.FileEntry> tombstones = new TreeMap<>();
        for (Entry entry : new ArrayList<>(document.backends())) {
            ServerRef ref = ref(entry);
            if (entry.id() != null) {
                ids.put(ref, entry.id());
            }
            if (entry.added() != null) {
                added.put(ref, entry.added());
            }
            if (entry.override() != null) {
                overrides.put(ref, new RuntimeState.WeightOverride(entry.override(), file(entry)));
            }
            if (Boolean.TRUE.equals(entry.removed())) {
                tombstones.put(ref, file(entry));
            }
        }
        return new RuntimeState(
                document.nextId(), document.runtimeFrom(), new TreeMap<>(ids), new TreeMap<>(added),
                new TreeMap<>(overrides), new TreeMap<>(tombstones));
    }

    private static ServerRef ref(Entry entry) {
        return new ServerRef(entry.upstream(), new Endpoint(
                IpAddress.parse(entry.address())
                        .orElseThrow(() -> new IllegalArgumentException("bad address " + entry.address())),
                entry.port()));
    }
}
