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
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The form of {@code runtime.json}: one entry for each backend of which there is something to remember. What an entry has become is kept,
 * since of thousands a change touches one. One thread writes.
 */
final class RuntimeJson {
    private static final int VERSION = 1;
    private static final byte[] BETWEEN = ", ".getBytes(StandardCharsets.UTF_8);

    private static final byte[] NOTHING = {};

    /** Each entry of what was written last, in its order. */
    private final SortedMap<ServerRef, byte[]> texts = new TreeMap<>();
    private RuntimeState written = RuntimeState.EMPTY;
    private final Content content = new Content();

    private final JsonMapper mapper = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .enable(SerializationFeature.INDENT_OUTPUT)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .defaultPropertyInclusion(JsonInclude.Value.construct(JsonInclude.Include.NON_NULL, JsonInclude.Include.ALWAYS))
            .build();

    /** Grows to what is needed, and stays: some megabytes with each change would be most of the garbage. */
    private static final class Content extends ByteArrayOutputStream {
        ByteBuffer written() {
            return ByteBuffer.wrap(buf, 0, count);
        }
    }

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

    /** The same array each time: what is in it is to be written before the next call. */
    ByteBuffer write(RuntimeState state) {
        for (ServerRef ref : state.differing(written)) {
            if (isRemembered(ref, state)) {
                texts.put(ref, text(ref, state));
            } else {
                texts.remove(ref);
            }
        }
        written = state;
        String frame = document(state.nextId(), state.runtimeFrom(), List.of());
        int middle = frame.lastIndexOf(']');
        content.reset();
        content.writeBytes(frame.substring(0, middle).getBytes(StandardCharsets.UTF_8));
        byte[] between = NOTHING;
        for (byte[] text : texts.values()) {
            content.writeBytes(between);
            content.writeBytes(text);
            between = BETWEEN;
        }
        content.writeBytes(((texts.isEmpty() ? "" : " ") + frame.substring(middle)).getBytes(StandardCharsets.UTF_8));
        return content.written();
    }

    private static boolean isRemembered(ServerRef ref, RuntimeState state) {
        return state.ids().containsKey(ref) || state.overrides().containsKey(ref) || state.tombstones().containsKey(ref);
    }

    private byte[] text(ServerRef ref, RuntimeState state) {
        String alone = document(1, 0, List.of(entry(ref, state)));
        return alone.substring(alone.indexOf('[') + 2, alone.lastIndexOf(']') - 1).getBytes(StandardCharsets.UTF_8);
    }

    private String document(int nextId, int runtimeFrom, List<Entry> entries) {
        try {
            return mapper.writeValueAsString(new Document(VERSION, nextId, runtimeFrom, entries));
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException("records of numbers and text cannot fail to become JSON", impossible);
        }
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
        Map<ServerRef, Integer> ids = new HashMap<>();
        Map<ServerRef, Integer> added = new HashMap<>();
        Map<ServerRef, RuntimeState.WeightOverride> overrides = new HashMap<>();
        Map<ServerRef, RuntimeState.FileEntry> tombstones = new HashMap<>();
        for (Entry entry : document.backends()) {
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
        return RuntimeState.of(
                document.nextId(), document.runtimeFrom(), ids, added, overrides, tombstones);
    }

    private static ServerRef ref(Entry entry) {
        return new ServerRef(entry.upstream(), new Endpoint(
                IpAddress.parse(entry.address())
                        .orElseThrow(() -> new IllegalArgumentException("bad address " + entry.address())),
                entry.port()));
    }
}
