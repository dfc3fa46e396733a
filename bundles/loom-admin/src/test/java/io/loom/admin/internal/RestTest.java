package io.loom.admin.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.loom.api.LoomException;
import io.loom.api.Problem;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RestTest {
    private static final String BACKEND = "{\"address\": \"10.0.1.12\", \"port\": 8080, \"weight\": 100}";
    private static final ObjectMapper JSON = new ObjectMapper();

    @RegisterExtension
    private final TestServer server = new TestServer(10);

    @Test
    void addingAnswers201WithIdLocationAndTheBackend() throws Exception {
        HttpResponse<String> added = server.send("POST", "/ebpf/backends", BACKEND);
        assertEquals(201, added.statusCode());
        assertEquals("/ebpf/backends/3", added.headers().firstValue("Location").orElseThrow());
        JsonNode json = JSON.readTree(added.body());
        assertEquals(3, json.get("id").intValue());
        assertEquals("10.0.1.12", json.get("address").textValue());
        assertEquals("up", json.get("state").textValue());
        assertEquals(added.body(), server.send("GET", "/ebpf/backends/3", "").body());
    }

    @Test
    void theFirstAndTheLastPortAndWeightAreGoodAndTheNextOnesAreNot() throws Exception {
        for (String good : List.of("\"port\":1,\"weight\":0", "\"port\":65535,\"weight\":65535")) {
            assertEquals(201, server.send("POST", "/ebpf/backends", "{\"address\":\"10.0.9.1\"," + good + "}").statusCode(), good);
        }
        for (String bad : List.of("\"port\":0", "\"port\":65536", "\"port\":2,\"weight\":-1", "\"port\":2,\"weight\":65536")) {
            HttpResponse<String> answer = server.send("POST", "/ebpf/backends", "{\"address\":\"10.0.9.1\"," + bad + "}");
            assertEquals(400, answer.statusCode(), bad);
            assertTrue(answer.body().contains("LOOM-3416"), answer::body);
        }
    }

    @Test
    void ipv6BackendsWithoutWeightGetTheDefault() throws Exception {
        HttpResponse<String> added = server.send("POST", "/ebpf/backends", "{\"address\":\"2001:DB8:0::1\",\"port\":80}");
        JsonNode json = JSON.readTree(added.body());
        assertEquals("2001:db8::1", json.get("address").textValue());
        assertEquals(100, json.get("weight").intValue());
    }

    @Test
    void aWeightIsChangedAndABackendRemoved() throws Exception {
        HttpResponse<String> changed = server.send("PATCH", "/ebpf/backends/1", "{\"weight\": 50}");
        assertEquals(200, changed.statusCode());
        assertEquals(50, JSON.readTree(changed.body()).get("weight").intValue());
        HttpResponse<String> removed = server.send("DELETE", "/ebpf/backends/1", "");
        assertEquals(204, removed.statusCode());
        assertEquals("", removed.body());
        assertEquals(404, server.send("DELETE", "/ebpf/backends/1", "").statusCode());
        assertEquals(404, server.send("PATCH", "/ebpf/backends/1", "{\"weight\": 50}").statusCode());
        assertEquals(1, JSON.readTree(server.send("GET", "/ebpf/backends", "").body()).get("backends").size());
    }

    @Test
    void everyProblemOfABodyIsToldAtOnceWithItsPath() throws Exception {
        HttpResponse<String> refused = server.send("POST", "/ebpf/backends",
                "{\"address\": \"web1\", \"port\": \"80\", \"weight\": -1, \"colour\": 3, \"upstream\": 7}");
        assertEquals(400, refused.statusCode());
        List<String> found = new ArrayList<>();
        for (JsonNode error : JSON.readTree(refused.body()).get("errors")) {
            found.add(error.get("code").textValue() + " " + error.get("where").textValue());
            assertFalse(error.get("what").textValue().isEmpty());
            assertFalse(error.get("fix").textValue().isEmpty());
        }
        found.sort(null);
        assertEquals(List.of("LOOM-3414 $.colour", "LOOM-3415 $.port", "LOOM-3415 $.upstream", "LOOM-3416 $.weight",
                "LOOM-3417 $.address"), found);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\0', value = {
        "{\"port\":80}|LOOM-3411 $.address",
        "{\"address\":\"10.0.0.9\"}|LOOM-3411 $.port",
        "{\"address\":\"10.0.0.9\",\"port\":0}|LOOM-3416 $.port",
        "{\"address\":\"10.0.0.9\",\"port\":65536}|LOOM-3416 $.port",
        "{\"address\":\"10.0.0.9\",\"port\":99999999999999999999}|LOOM-3416 $.port",
        "{\"address\":\"10.0.0.9\",\"port\":80.5}|LOOM-3415 $.port",
        "{\"address\":\"10.0.0.9\",\"port\":null}|LOOM-3415 $.port",
        "{\"address\":\"10.0.0.9\",\"port\":80,\"weight\":65536}|LOOM-3416 $.weight",
        "{\"address\":\"10.0.0.9\",\"port\":80,\"weight\":true}|LOOM-3415 $.weight",
        "{\"address\":\"10.0.0\",\"port\":80}|LOOM-3417 $.address",
        "{\"address\":\"127.0.0.1\",\"port\":80}|LOOM-3417 $.address",
        "{\"address\":\"0.0.0.0\",\"port\":80}|LOOM-3417 $.address",
        "{\"address\":\"224.0.0.1\",\"port\":80}|LOOM-3417 $.address",
        "{\"address\":\"255.255.255.255\",\"port\":80}|LOOM-3417 $.address",
        "{\"address\":\"fe80::1\",\"port\":80}|LOOM-3417 $.address",
        "{\"address\":\"10.0.0.9\",\"port\":80,\"upstream\":\"x\"}|LOOM-3400 ",
        "[]|LOOM-3400 ",
        "hello|LOOM-3400 line 1, column 1",
        "{\"address\":\"10.0.0.9\",\"port\":80} x|LOOM-3400 line 1, column 34",
        "{\"port\":80,\"port\":81}|LOOM-3400 line 1, column 18",
        "{\"port\":|LOOM-3400 line 1, column 9"})
    void wrongBodiesGet400(String body, String expected) throws Exception {
        HttpResponse<String> refused = server.send("POST", "/ebpf/backends", body);
        assertEquals(400, refused.statusCode(), refused.body());
        JsonNode error = JSON.readTree(refused.body()).get("errors").get(0);
        assertEquals(expected.trim(), (error.get("code").textValue() + " " + error.get("where").textValue()).trim());
        assertEquals(2, server.control.backends().size());
    }

    @Test
    void anEmptyBodyIsExplained() throws Exception {
        HttpResponse<String> refused = server.send("POST", "/ebpf/backends", "");
        assertEquals(400, refused.statusCode());
        assertTrue(refused.body().contains("the body is empty"), refused.body());
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "{\"weight\":\"50\"}", "{\"weight\":50,\"port\":81}", "{\"weight\":50,\"wait\":1}"})
    void wrongChangesGet400(String body) throws Exception {
        assertEquals(400, server.send("PATCH", "/ebpf/backends/1", body).statusCode());
        assertEquals(100, server.control.backend(1).weight());
    }

    @Test
    void aSecondBackendWithThatEndpointIsAConflict() throws Exception {
        server.send("POST", "/ebpf/backends", BACKEND);
        HttpResponse<String> refused = server.send("POST", "/ebpf/backends", BACKEND);
        assertEquals(409, refused.statusCode());
        assertTrue(refused.body().contains("LOOM-3409"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/ebpf", "/ebpf/nothing", "/ebpf/backends/", "/ebpf/backends/x", "/ebpf/backends/0",
        "/ebpf/backends/99", "/ebpf/backends/99999999999999", "/ebpf/backends/1/x"})
    void unknownPathsGet404InJson(String path) throws Exception {
        HttpResponse<String> missing = server.send("GET", path, "");
        assertEquals(404, missing.statusCode(), missing.body());
        assertTrue(JSON.readTree(missing.body()).get("errors").size() == 1);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "PUT|/ebpf/backends|GET, HEAD, POST",
        "POST|/ebpf/backends/1|DELETE, GET, HEAD, PATCH",
        "POST|/ebpf/backends/stats|GET, HEAD",
        "DELETE|/ebpf/stats|GET, HEAD",
        "OPTIONS|/metrics|GET, HEAD"})
    void otherMethodsGet405WithAllow(String method, String path, String allow) throws Exception {
        HttpResponse<String> refused = server.send(method, path, method.equals("PUT") ? "{}" : "");
        assertEquals(405, refused.statusCode());
        assertEquals(allow, refused.headers().firstValue("Allow").orElseThrow());
    }

    @ParameterizedTest
    @ValueSource(strings = {"/ebpf/backends", "/ebpf/backends/1", "/ebpf/backends/stats", "/ebpf/stats", "/ebpf/vips",
        "/ebpf/plugins", "/ebpf/status", "/metrics", "/readyz", "/healthz"})
    void everyViewAnswersGetAndHeadAlike(String path) throws Exception {
        HttpResponse<String> get = server.send("GET", path, "");
        HttpResponse<String> head = server.send("HEAD", path, "");
        assertEquals(200, get.statusCode());
        assertEquals(200, head.statusCode());
        assertEquals("", head.body());
        assertFalse(get.body().isEmpty());
        assertEquals(get.headers().firstValue("Content-Length"), head.headers().firstValue("Content-Length"));
        assertEquals(get.headers().firstValue("Content-Type"), head.headers().firstValue("Content-Type"));
    }

    /** Nor is anything changed by who believes that it is a rehearsal. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "GET|/ebpf/backends?vip=web|''",
        "HEAD|/ebpf/vips?name=web|''",
        "GET|/ebpf/backends/1?x=|''",
        "POST|/ebpf/backends?dryRun=true|{\"address\": \"10.0.1.99\", \"port\": 80}",
        "PATCH|/ebpf/backends/1?dryRun=true|{\"weight\": 50}",
        "DELETE|/ebpf/backends/1?force|''"})
    void parametersThatThereAreNotAreRefused(String method, String path, String body) throws Exception {
        String before = server.send("GET", "/ebpf/backends", "").body();
        HttpResponse<String> refused = server.send(method, path, body);
        assertEquals(400, refused.statusCode(), refused.body());
        if (!method.equals("HEAD")) {
            JsonNode error = JSON.readTree(refused.body()).get("errors").get(0);
            assertEquals("LOOM-3414", error.get("code").asText());
            String name = path.replaceAll(".*\\?|=.*", "");
            assertEquals("?" + name, error.get("where").asText());
        }
        assertEquals(before, server.send("GET", "/ebpf/backends", "").body());
    }

    @ParameterizedTest
    @ValueSource(strings = {"/metrics", "/readyz", "/healthz"})
    void whoeverProbesMayAddWhatItLikes(String path) throws Exception {
        assertEquals(200, server.send("GET", path + "?cache=1", "").statusCode());
    }

    @Test
    void pluginsSayWhoUsesThemAndWhatIsWrong() throws Exception {
        assertEquals("{'plugins':[{'file':'a.jar','symbolic_name':'one','version':'1.0.0','state':'active','rank':1,"
                + "'provides':[{'kind':'algorithm','name':'maglev','rank':1,'vips':['web']}],'reason':''},"
                + "{'file':'b.jar','symbolic_name':'','version':'','state':'broken','rank':0,'provides':[],'reason':'empty'}]}",
                server.send("GET", "/ebpf/plugins", "").body().replaceAll("\\s", "").replace('"', '\''));
    }

    @Test
    void ifMatchGuardsAChange() throws Exception {
        String tag = server.send("GET", "/ebpf/backends/1", "").headers().firstValue("ETag").orElseThrow();
        HttpResponse<String> changed = server.send("PATCH", "/ebpf/backends/1", "{\"weight\":1}", "If-Match", tag);
        assertEquals(200, changed.statusCode());
        assertEquals(412, server.send("PATCH", "/ebpf/backends/1", "{\"weight\":2}", "If-Match", tag).statusCode());
        assertEquals(412, server.send("DELETE", "/ebpf/backends/1", "", "If-Match", tag).statusCode());
        assertEquals(1, server.control.backend(1).weight());
        String newTag = changed.headers().firstValue("ETag").orElseThrow();
        assertEquals(204, server.send("DELETE", "/ebpf/backends/1", "", "If-Match", "\"other\", " + newTag).statusCode());
        assertEquals(204, server.send("DELETE", "/ebpf/backends/2", "", "If-Match", "*").statusCode());
        assertEquals(404, server.send("DELETE", "/ebpf/backends/2", "", "If-Match", "*").statusCode());
    }

    @Test
    void readinessSaysWhatIsMissing() throws Exception {
        server.control.ready = false;
        HttpResponse<String> waiting = server.send("GET", "/readyz", "");
        assertEquals(503, waiting.statusCode());
        assertTrue(waiting.body().contains("the first probes"));
        server.appliance.control = null;
        assertEquals(503, server.send("GET", "/readyz", "").statusCode());
        assertEquals(503, server.send("GET", "/ebpf/backends", "").statusCode());
        assertEquals(200, server.send("GET", "/healthz", "").statusCode());
    }

    @Test
    void aKernelProblemIs503AndADefectIs500WithoutDetails() throws Exception {
        server.control.failure = new LoomException(Problem.of("LOOM-1201", "map full", "", "make it larger"));
        assertEquals(503, server.send("POST", "/ebpf/backends", BACKEND).statusCode());
        server.control.failure = new IllegalStateException("secret detail");
        HttpResponse<String> defect = server.send("POST", "/ebpf/backends", BACKEND);
        assertEquals(500, defect.statusCode());
        assertFalse(defect.body().contains("secret"), defect.body());
        assertFalse(defect.body().contains("Exception"), defect.body());
    }

    @Test
    void aWeightThatThereIsNotIsRefusedAlsoInAChange() throws Exception {
        for (String weight : List.of("-1", "65536", "99999999999999999999")) {
            HttpResponse<String> refused = server.send("PATCH", "/ebpf/backends/1", "{\"weight\":" + weight + "}");
            assertEquals(400, refused.statusCode(), weight);
            assertTrue(refused.body().contains("LOOM-3416"), refused.body());
        }
        assertEquals(100, server.control.backend(1).weight());
    }
}
