package io.loom.config.internal.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.api.config.TableSize;
import io.loom.api.config.Vip;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class TableSizesTest {

    private static Set<Integer> sizes(String yaml) {
        return Yaml.good(yaml).vips().stream().map(Vip::tableSize).collect(Collectors.toSet());
    }

    /** Of both families: two tables each. */
    private static String vips(int count, String options, String xdp) {
        String list = IntStream.range(0, count).mapToObj(i -> "{name: v" + i + ", addresses: [10.1." + i / 250 + "." + (i % 250 + 1)
                + ", \"fd00::" + Integer.toHexString(i + 1) + "\"], ports: [80], upstream: web" + options + "}")
                .collect(Collectors.joining(", "));
        return "{ebpf: {interface: eth0, xdp: " + xdp + ", vips: [" + list + "]}, "
                + "upstreams: [{name: web, servers: [{address: 10.2.0.1, port: 80}, {address: \"fd02::1\", port: 80}]}]}";
    }

    @Test
    void fewVipsHaveTheSpecificationsDefault() {
        assertEquals(Set.of(65537), sizes(vips(128, "", "{}")));
    }

    @Test
    void whereThatWouldTakeTooMuchMemoryTheNumberOfBackendsDecides() {
        assertEquals(Set.of(TableSize.AUTO), sizes(vips(129, "", "{}")));
    }

    @Test
    void whatTheFileSaysCountsHoweverManyThereAre() {
        assertEquals(Set.of(1021), sizes(vips(129, "", "{load_balancing: {maglev_table_size: 1021}}")));
        assertEquals(Set.of(1009), sizes(vips(129, ", table_size: 1009", "{}")));
        assertEquals(Set.of(TableSize.AUTO), sizes(vips(1, ", table_size: auto", "{}")));
        assertEquals(Set.of(TableSize.AUTO), sizes(vips(1, "", "{load_balancing: {maglev_table_size: auto}}")));
    }

    /** There is room for as many again, which a file may put in their place. */
    @Tag("size")
    @Test
    void aThousandVipsOfBothFamiliesHaveRoom() {
        assertEquals(1000, Yaml.good(vips(1000, "", "{}")).vips().size());
    }
}
