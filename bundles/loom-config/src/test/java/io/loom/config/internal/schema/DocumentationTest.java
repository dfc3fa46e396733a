package io.loom.config.internal.schema;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.loom.config.internal.Code;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class DocumentationTest {

    @Test
    void theReferenceListsEveryKeyOfTheSchema() throws IOException {
        List<String> rows = new ArrayList<>(List.of("| key | value | default | meaning |", "|---|---|---|---|"));
        rows(Schema.FILE, "", rows);
        new DocumentedTable("reference-yaml.md", "keys").check(rows);
    }

    private static void rows(Type.Fields fields, String path, List<String> rows) {
        for (Key key : fields.keys()) {
            String keyPath = path + key.name();
            rows.add("| `" + keyPath + "` | " + key.type().describe() + " | " + key.fallback() + " | "
                    + key.meaning() + " |");
            if (key.type() instanceof Type.Fields inner) {
                rows(inner, keyPath + ".", rows);
            } else if (key.type() instanceof Type.Items list && list.item() instanceof Type.Fields inner) {
                rows(inner, keyPath + "[].", rows);
            }
        }
    }

    @Test
    void theListOfErrorsHasEveryCode() throws IOException {
        List<String> rows = new ArrayList<>(List.of("| code | meaning |", "|---|---|"));
        Arrays.stream(Code.values()).forEach(code -> rows.add("| " + code.text() + " | " + code.meaning() + " |"));
        new DocumentedTable("errors.md", "2xxx").check(rows);
    }

    @Test
    void noCodeIsUsedTwice() {
        Set<String> codes = Arrays.stream(Code.values()).map(Code::text).collect(Collectors.toSet());
        assertEquals(Code.values().length, codes.size());
    }

    @Test
    void everyKeyHasAMeaning() {
        assertMeanings(Schema.FILE);
    }

    private static void assertMeanings(Type.Fields fields) {
        for (Key key : fields.keys()) {
            assertFalse(key.meaning().isBlank(), key.name());
            if (key.type() instanceof Type.Fields inner) {
                assertMeanings(inner);
            }
        }
    }
}
