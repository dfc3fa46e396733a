package io.loom.admin.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The specification's command lines as they are printed there, but for the port. */
class CurlTest {
    @RegisterExtension
    private final TestServer server = new TestServer(5);

    private String shell(String line) throws Exception {
        String script = line.replace("9091", Integer.toString(server.port()))
                .replaceFirst("^curl ", "curl -sS -m 10 -w '%{http_code}' ");
        Process process = new ProcessBuilder("sh", "-c", script).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(15, TimeUnit.SECONDS), "curl hangs");
        assertEquals(0, process.exitValue(), output);
        return output;
    }

    @Test
    void addBackend() throws Exception {
        String answer = shell("""
                curl -X POST http://localhost:9091/ebpf/backends \\
                  -d '{"address": "10.0.1.12", "port": 8080, "weight": 100}'
                """);
        assertTrue(answer.endsWith("201"), answer);
        assertTrue(answer.contains("\"id\" : 3"), answer);
    }

    @Test
    void removeBackend() throws Exception {
        addBackend();
        assertEquals("204", shell("curl -X DELETE http://localhost:9091/ebpf/backends/3"));
        assertEquals(2, server.control.backends().size());
    }

    @Test
    void updateWeight() throws Exception {
        String answer = shell("""
                curl -X PATCH http://localhost:9091/ebpf/backends/1 \\
                  -d '{"weight": 50}'
                """);
        assertTrue(answer.endsWith("200"), answer);
        assertEquals(50, server.control.backend(1).weight());
    }

    @Test
    void debugInterface() throws Exception {
        assertTrue(shell("curl http://localhost:9091/ebpf/stats").endsWith("200"));
        assertTrue(shell("curl http://localhost:9091/ebpf/connections").endsWith("200"));
        assertTrue(shell("curl http://localhost:9091/ebpf/backends/stats").endsWith("200"));
    }
}
