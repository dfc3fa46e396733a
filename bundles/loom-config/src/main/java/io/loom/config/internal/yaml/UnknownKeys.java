package io.loom.config.internal.yaml;

import io.loom.config.internal.Code;
import io.loom.config.internal.Findings;
import io.loom.config.internal.Place;
import io.loom.config.internal.schema.Key;
import io.loom.config.internal.schema.ScalarType;
import io.loom.config.internal.schema.Spelling;
import io.loom.config.internal.schema.Type;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Says of an unknown key which known one was meant, or in which section it belongs. */
final class UnknownKeys {
    /** A key that many sections have, such as enabled, hints at none of them. */
    private static final int MOST_HOMES = 4;

    private final Findings findings;
    private final Map<String, List<String>> homes = new TreeMap<>();

    UnknownKeys(Findings findings, Type.Fields root) {
        this.findings = findings;
        collect(root, "the top of the file");
    }

    /** Reports the key. @return the key of the section that was probably meant */
    Optional<String> report(Type.Fields fields, String name, Place place, String section) {
        Optional<String> meant = Spelling.closest(name, fields.names());
        findings.error(Code.UNKNOWN_KEY, place, "unknown key " + ScalarType.shown(name) + " in " + section, "", fix(fields, name, meant));
        return meant;
    }

    private String fix(Type.Fields fields, String name, Optional<String> meant) {
        if (meant.isPresent()) {
            return "did you mean " + meant.get() + "?";
        }
        if (name.equals("<<")) {
            return "merge keys are not part of YAML 1.2: write the keys out";
        }
        String key = homes.containsKey(name) ? name : Spelling.closest(name, homes.keySet()).orElse(name);
        List<String> known = homes.getOrDefault(key, List.of());
        String home = known.isEmpty() || known.size() > MOST_HOMES ? "" : key + " belongs into " + String.join(" or ", known) + "; ";
        return home + "allowed here: " + String.join(", ", fields.names());
    }

    private void collect(Type type, String path) {
        if (type instanceof Type.Items items) {
            collect(items.item(), path + "[]");
        } else if (type instanceof Type.Fields fields) {
            for (Key key : fields.keys()) {
                homes.computeIfAbsent(key.name(), name -> new ArrayList<>()).add(path);
                collect(key.type(), path.contains(" ") ? key.name() : path + "." + key.name());
            }
        }
    }
}
