package io.loom.config.internal.yaml;

import io.loom.config.internal.Code;
import io.loom.config.internal.Findings;
import io.loom.config.internal.Place;
import io.loom.config.internal.schema.Key;
import io.loom.config.internal.schema.ScalarType;
import io.loom.config.internal.schema.ScalarType.Bad;
import io.loom.config.internal.schema.ScalarType.Good;
import io.loom.config.internal.schema.Type;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.snakeyaml.engine.v2.common.ScalarStyle;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/** Reads nodes against the schema. What is wrong is reported with its place and becomes {@link Value.Invalid}. */
public final class SchemaReader {
    /** Aliases could make a small file stand for very many values. */
    private static final int MAX_VALUES = 200_000;
    private static final Set<String> NULLS = Set.of("", "~", "null", "Null", "NULL");
    private static final Set<Tag> STANDARD_TAGS = Set.of(Tag.NULL, Tag.BOOL, Tag.INT, Tag.FLOAT, Tag.STR, Tag.SEQ, Tag.MAP);

    private final String file;
    private final Findings findings;
    private final UnknownKeys unknownKeys;
    private int values;

    public SchemaReader(String file, Findings findings, Type.Fields root) {
        this.file = file;
        this.findings = findings;
        this.unknownKeys = new UnknownKeys(findings, root);
    }

    /** @param path of the value, for messages; empty for the whole file */
    public Value read(Type type, Node node, String path) {
        Place place = place(node);
        if (++values > MAX_VALUES) {
            if (values == MAX_VALUES + 1) {
                findings.error(Code.TOO_COMPLEX, place, "more than " + MAX_VALUES + " values", "", "use fewer aliases");
            }
            return new Value.Invalid(place);
        }
        if (!STANDARD_TAGS.contains(node.getTag())) {
            findings.error(Code.WRONG_TYPE, place, section(path) + " has the tag " + ScalarType.shown(node.getTag().getValue()), "",
                    "remove the tag");
            return new Value.Invalid(place);
        }
        if (type instanceof Type.Fields fields) {
            return section(fields, node, path);
        }
        if (type instanceof Type.Items items) {
            return items(items, node, path);
        }
        if (type instanceof Type.Either either) {
            return read(node instanceof ScalarNode scalar && !mayBeItem(either, scalar) ? either.word() : either.structure(), node, path);
        }
        return scalar((ScalarType) type, node, path);
    }

    /** A number where there may be a list of them is one item rather than a misspelt word. */
    private static boolean mayBeItem(Type.Either either, ScalarNode node) {
        return either.structure() instanceof Type.Items items && items.single() && node.getValue().matches("\\d.*");
    }

    private Value section(Type.Fields fields, Node node, String path) {
        if (isNull(node)) {
            return path.isEmpty() ? emptyFile(place(node))
                    : new Section(place(node), missing(fields, new LinkedHashMap<>(), Set.of(), place(node), path));
        }
        if (!(node instanceof MappingNode mapping)) {
            return wrongType(fields, node, path);
        }
        Map<String, Value> entries = new LinkedHashMap<>();
        Map<String, Place> seen = new HashMap<>();
        Set<String> meant = new HashSet<>();
        for (NodeTuple tuple : mapping.getValue()) {
            entry(fields, tuple, path, entries, seen, meant);
        }
        return new Section(place(node), missing(fields, entries, meant, place(node), path));
    }

    private Value emptyFile(Place place) {
        findings.error(Code.EMPTY, place, "the file holds no configuration", "", "begin with the shipped etc/loom.yaml");
        return new Value.Invalid(place);
    }

    private void entry(Type.Fields fields, NodeTuple tuple, String path, Map<String, Value> entries, Map<String, Place> seen,
            Set<String> meant) {
        Place place = place(tuple.getKeyNode());
        if (!(tuple.getKeyNode() instanceof ScalarNode keyNode)) {
            findings.error(Code.WRONG_TYPE, place, "bad key in " + section(path), "a list or section cannot be a key",
                    "allowed keys: " + String.join(", ", fields.names()));
            return;
        }
        String name = keyNode.getValue();
        Place first = seen.putIfAbsent(name, place);
        if (first != null) {
            findings.error(Code.DUPLICATE_KEY, place, "key " + ScalarType.shown(name) + " stands twice in " + section(path),
                    "the first is at " + first, "keep one of them");
        }
        Optional<Key> key = fields.key(name);
        if (key.isEmpty()) {
            unknownKeys.report(fields, name, place, section(path)).ifPresent(meant::add);
            return;
        }
        Value value = read(key.get().type(), tuple.getValueNode(), path.isEmpty() ? name : path + "." + name);
        entries.putIfAbsent(name, value);
    }

    /** Reports required keys that are absent, unless a misspelt key was meant to be them or the section is turned off. */
    private Map<String, Value> missing(Type.Fields fields, Map<String, Value> entries, Set<String> meant, Place place, String path) {
        boolean off = entries.get("enabled") instanceof Value.Scalar enabled && enabled.value().equals(false);
        for (Key key : fields.keys()) {
            if (!off && key.required() && !entries.containsKey(key.name()) && !meant.contains(key.name())) {
                findings.error(Code.MISSING_KEY, place, "key " + key.name() + " is missing in " + section(path), "",
                        "give " + key.name() + ": " + key.type().describe());
            }
        }
        return entries;
    }

    private Value items(Type.Items type, Node node, String path) {
        if (isNull(node)) {
            return new Value.Items(place(node), List.of());
        }
        if (node instanceof SequenceNode sequence) {
            List<Value> items = new ArrayList<>();
            for (Node item : sequence.getValue()) {
                items.add(read(type.item(), item, path + "[" + items.size() + "]"));
            }
            return new Value.Items(place(node), items);
        }
        if (type.single() && node instanceof ScalarNode) {
            return new Value.Items(place(node), List.of(read(type.item(), node, path)));
        }
        return wrongType(type, node, path);
    }

    private Value scalar(ScalarType type, Node node, String path) {
        if (!(node instanceof ScalarNode scalar)) {
            return wrongType(type, node, path);
        }
        if (isNull(node)) {
            findings.error(Code.WRONG_TYPE, place(node), path + " has no value", "", "give " + type.describe() + " or remove the key");
            return new Value.Invalid(place(node));
        }
        ScalarType.Parsed parsed = type.parse(scalar.getValue(), scalar.getScalarStyle() == ScalarStyle.PLAIN);
        if (parsed instanceof Good good) {
            return new Value.Scalar(place(node), good.value());
        }
        Bad bad = (Bad) parsed;
        findings.error(bad.code(), place(node), "bad value of " + path, bad.why(), bad.fix());
        return new Value.Invalid(place(node));
    }

    private Value wrongType(Type type, Node node, String path) {
        String found = node instanceof MappingNode ? "a section" : node instanceof SequenceNode ? "a list" : "a single value";
        findings.error(Code.WRONG_TYPE, place(node), section(path) + " is " + found, "", "give " + type.describe());
        return new Value.Invalid(place(node));
    }

    private static boolean isNull(Node node) {
        return node instanceof ScalarNode scalar && scalar.getScalarStyle() == ScalarStyle.PLAIN && NULLS.contains(scalar.getValue());
    }

    private static String section(String path) {
        return path.isEmpty() ? "the file" : path;
    }

    private Place place(Node node) {
        return node.getStartMark().map(mark -> new Place(file, mark.getLine() + 1, mark.getColumn() + 1))
                .orElseGet(() -> new Place(file, 1, 1));
    }
}
