package io.loom.admin.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Keeps docs/reference-rest.md and docs/errors.md in step with the routes and the codes. */
class ReferenceTest {
    private static final Path DOCS = Path.of("../../docs");

    @Test
    void theDocumentListsExactlyTheRoutes() throws Exception {
        Appliance appliance = new Appliance();
        List<String> routes = Stream.of(new BackendRoutes(appliance).routes(), new ConnectionRoute(appliance).routes(), new ViewRoutes(appliance).routes(),
                        new TraceRoute(appliance).routes())
                .flatMap(List::stream)
                .map(route -> "| `" + route.method() + "` | `" + route.path() + "` | " + route.summary() + " |").toList();
        List<String> documented = Files.readAllLines(DOCS.resolve("reference-rest.md")).stream()
                .filter(line -> line.matches("\\| `[A-Z]+` \\| `/.*")).toList();
        assertEquals(routes, documented);
    }

    @Test
    void everyCodeOfRestIsExplained() throws Exception {
        String errors = Files.readString(DOCS.resolve("errors.md"));
        Arrays.stream(Refusal.values()).map(Refusal::code).forEach(code ->
                assertTrue(errors.contains("| " + code + " |"), code + " is not in docs/errors.md"));
    }
}
