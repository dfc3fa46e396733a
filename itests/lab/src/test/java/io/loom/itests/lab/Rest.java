package io.loom.itests.lab;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** The REST interface as an operator on the balancer uses it: curl. */
final class Rest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern SAMPLE = Pattern.compile("^([a-z_]+\\{[^}]*}|[a-z_]+) ([-+.0-9eE]+)$", Pattern.MULTILINE);

    private final Lab lab;
    private final String host;

    Rest(Lab lab) {
        this(lab, "balancer");
    }

    Rest(Lab lab, String host) {
        this.lab = lab;
        this.host = host;
    }

    record Answer(int status, String body) {
        JsonNode json() {
            try {
                return JSON.readTree(body);
            } catch (JsonProcessingException e) {
                throw new AssertionError("not JSON: " + body, e);
            }
        }
    }

    Answer get(String path) {
        return call("GET", path, List.of());
    }

    Answer post(String path, String body) {
        return call("POST", path, List.of("-d", body));
    }

    Answer patch(String path, String body) {
        return call("PATCH", path, List.of("-d", body));
    }

    Answer delete(String path) {
        return call("DELETE", path, List.of());
    }

    Answer call(String method, String path, List<String> more) {
        List<String> line = new ArrayList<>(List.of("curl", "-sS", "-m", "20", "-X", method, "-w", "\n%{http_code}"));
        line.addAll(more);
        line.add("http://localhost:9091" + path);
        String output = lab.on(host, line.toArray(String[]::new)).succeeded();
        int end = output.lastIndexOf('\n');
        return new Answer(Integer.parseInt(output.substring(end + 1).trim()), output.substring(0, end));
    }

    /** The samples of /metrics, by name and labels as they are printed. */
    Map<String, Double> metrics() {
        Map<String, Double> samples = new TreeMap<>();
        Matcher matcher = SAMPLE.matcher(get("/metrics").body());
        while (matcher.find()) {
            samples.put(matcher.group(1), Double.valueOf(matcher.group(2)));
        }
        return samples;
    }

    /** The backend with this address and port. @throws AssertionError if there is none */
    JsonNode backend(String address, int port) {
        JsonNode answer = get("/ebpf/backends").json();
        for (JsonNode backend : answer.path("backends")) {
            if (backend.path("address").asText().equals(address) && backend.path("port").asInt() == port) {
                return backend;
            }
        }
        throw new AssertionError("no backend " + address + " " + port + " in " + answer);
    }

    JsonNode vips() {
        return get("/ebpf/vips").json();
    }

    /** Of which there must be at least one. */
    boolean allVips(Predicate<JsonNode> condition) {
        JsonNode vips = vips().path("vips");
        return !vips.isEmpty() && StreamSupport.stream(vips.spliterator(), false).allMatch(condition);
    }

    /** Why a vip does not work as configured, empty if it does. @throws AssertionError if there is no such vip */
    String degraded(String name) {
        List<String> reasons = new ArrayList<>();
        vip(name).path("degraded").forEach(reason -> reasons.add(reason.asText()));
        return String.join("; ", reasons);
    }

    /** Whether a vip of both families has no usable backend in either: their probes are told, and take effect, apart. */
    boolean hasNoBackend(String name) {
        String reasons = degraded(name);
        return Stream.of("IPv4", "IPv6").allMatch(family -> reasons.contains("no usable backend over " + family));
    }

    /** @throws AssertionError if there is no such vip */
    JsonNode vip(String name) {
        JsonNode vips = vips();
        for (JsonNode vip : vips.path("vips")) {
            if (vip.path("name").asText().equals(name)) {
                return vip;
            }
        }
        throw new AssertionError("no vip " + name + " in " + vips);
    }
}
