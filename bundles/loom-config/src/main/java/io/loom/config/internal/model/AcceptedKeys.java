package io.loom.config.internal.model;

import io.loom.config.internal.Code;
import io.loom.config.internal.Findings;
import io.loom.config.internal.Place;
import io.loom.config.internal.schema.Key;
import io.loom.config.internal.schema.Schema;
import io.loom.config.internal.schema.Type;
import io.loom.config.internal.yaml.Section;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Names, in one warning, everything that is accepted without effect, so that nothing is ignored silently. */
final class AcceptedKeys {
    private final Findings findings;
    private final List<Mention> mentions = new ArrayList<>();

    AcceptedKeys(Findings findings) {
        this.findings = findings;
    }

    private record Mention(String path, Place place) {}

    void report(Section root) {
        collect(Schema.FILE, root, "");
        if (!mentions.isEmpty()) {
            mentions.sort(Comparator.comparing(Mention::place));
            List<String> listed = mentions.stream()
                    .map(mention -> mention.path() + " (line " + mention.place().line() + ")").distinct().toList();
            findings.warning(Code.NOT_IN_EFFECT, mentions.get(0).place(), "accepted, but not in effect in this version",
                    String.join(", ", listed), "see docs/reference-yaml.md");
        }
    }

    private void collect(Type.Fields fields, Section section, String path) {
        for (Key key : fields.keys()) {
            String keyPath = path.isEmpty() ? key.name() : path + "." + key.name();
            boolean off = section.section(key.name()).map(inner -> !inner.enabled()).orElse(false);
            if (!key.inEffect() && section.has(key.name()) && !off) {
                mentions.add(new Mention(keyPath, section.placeOf(key.name())));
            } else if (key.inEffect() && key.type() instanceof Type.Fields inner) {
                section.section(key.name()).ifPresent(present -> collect(inner, present, keyPath));
            }
        }
    }
}
