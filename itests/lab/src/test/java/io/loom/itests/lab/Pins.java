package io.loom.itests.lab;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/** What an instance has pinned, as bpftool sees it: kernel ids and contents. */
final class Pins {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path root;

    Pins(Lab lab) {
        this.root = lab.bpffs().resolve("loom").resolve(Loomd.INSTANCE);
    }

    /** Kernel ids by pin. */
    Map<String, Integer> ids() {
        Map<String, Integer> ids = new TreeMap<>();
        for (Path pin : files("maps")) {
            ids.put("map " + pin.getFileName(), show("map", pin).path("id").asInt());
        }
        for (Path pin : files("links")) {
            ids.put("link " + pin.getFileName(), show("link", pin).path("id").asInt());
        }
        ids.put("program", program().path("id").asInt());
        return ids;
    }

    /** The program in force, as {@code bpftool prog show} describes it. */
    JsonNode program() {
        return show("prog", root.resolve("prog"));
    }

    /** 16 hex digits that change with the program's instructions. */
    String tag() {
        return program().path("tag").asText();
    }

    JsonNode map(String name) {
        return show("map", root.resolve("maps").resolve(name));
    }

    /** Backend numbers in use: number to entry, as bpftool prints it. Entries of family 0 are free. */
    Map<Integer, String> backendNumbers() {
        Map<Integer, String> numbers = new TreeMap<>();
        JsonNode dump = bpftool("map", "dump", "pinned", root.resolve("maps/loom_backends").toString());
        for (JsonNode entry : dump) {
            JsonNode value = entry.path("formatted").path("value");
            if (value.path("family").asInt() != 0) {
                numbers.put(entry.path("formatted").path("key").asInt(), value.path("address").toString() + value.path("port")
                        + value.path("slot"));
            }
        }
        return numbers;
    }

    /** Largest IP packets towards backends, as their entries say. */
    Set<Integer> backendMtus() {
        Set<Integer> mtus = new TreeSet<>();
        for (JsonNode entry : bpftool("map", "dump", "pinned", root.resolve("maps/loom_backends").toString())) {
            JsonNode value = entry.path("formatted").path("value");
            if (value.path("family").asInt() != 0) {
                mtus.add(value.path("mtu").asInt());
            }
        }
        return mtus;
    }

    /** Whether the program writes packets down for a trace. */
    boolean tracing() {
        JsonNode dump = bpftool("map", "dump", "pinned", root.resolve("maps/loom_trace_on").toString());
        return dump.path(0).path("formatted").path("value").path("until").asLong() != 0;
    }

    List<String> mapNames() {
        return files("maps").stream().map(pin -> pin.getFileName().toString()).toList();
    }

    boolean exist() {
        return Files.exists(root);
    }

    private List<Path> files(String directory) {
        try (Stream<Path> files = Files.list(root.resolve(directory))) {
            return files.sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JsonNode show(String kind, Path pin) {
        return bpftool(kind, "show", "pinned", pin.toString());
    }

    private static JsonNode bpftool(String... arguments) {
        List<String> line = Stream.concat(Stream.of("bpftool", "-j"), Stream.of(arguments)).toList();
        String output = Command.run(Duration.ofSeconds(30), Map.of(), line).succeeded();
        try {
            return JSON.readTree(output);
        } catch (JsonProcessingException e) {
            throw new AssertionError(line + ": " + output, e);
        }
    }
}
