package io.loom.itests.lab;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The kernel's counters of what TCP hides from programs, summed over the client and the backends since they were made.
 *
 * @param lost         segments that had to be sent again: retransmitted ones, without those that the receiver said to have
 *                     had already (DSACK, RFC 2883), of which a busy machine makes some even without Loom
 * @param timeouts     expired retransmission timers: an acknowledgement was more than 200 ms late, or lost
 * @param resetsSent   RST segments
 * @param resetsSeen   connections ended by one
 * @param dropped      packets that the machine had no room for on their way between namespaces, which is nobody's fault here
 */
record TcpTroubles(long lost, long timeouts, long resetsSent, long resetsSeen, long dropped) {

    static TcpTroubles now(Lab lab) {
        TcpTroubles sum = new TcpTroubles(0, 0, 0, 0, droppedByQueues());
        List<String> hosts = new ArrayList<>(Lab.BACKENDS);
        hosts.add("client");
        for (String host : hosts) {
            JsonNode kernel = counters(lab.on(host, "nstat", "-aszj").succeeded());
            long needless = kernel.path("TcpExtTCPDSACKOldSent").asLong() + kernel.path("TcpExtTCPDSACKOfoSent").asLong();
            sum = new TcpTroubles(sum.lost + kernel.path("TcpRetransSegs").asLong() - needless,
                    sum.timeouts + kernel.path("TcpExtTCPTimeouts").asLong(),
                    sum.resetsSent + kernel.path("TcpOutRsts").asLong(),
                    sum.resetsSeen + kernel.path("TcpEstabResets").asLong(), sum.dropped);
        }
        return sum;
    }

    TcpTroubles since(TcpTroubles before) {
        return new TcpTroubles(lost - before.lost, timeouts - before.timeouts, resetsSent - before.resetsSent,
                resetsSeen - before.resetsSeen, dropped - before.dropped);
    }

    private static long droppedByQueues() {
        try (Stream<String> processors = Files.lines(Path.of("/proc/net/softnet_stat"))) {
            return processors.mapToLong(line -> Long.parseLong(line.split(" ")[1], 16)).sum();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JsonNode counters(String json) {
        try {
            return new ObjectMapper().readTree(json).path("kernel");
        } catch (JsonProcessingException e) {
            throw new AssertionError("nstat: " + json, e);
        }
    }
}
