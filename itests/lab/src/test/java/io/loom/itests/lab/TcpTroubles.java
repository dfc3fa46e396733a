package io.loom.itests.lab;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
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
    /** More than one in the lab, on a busy machine. */
    private static final Duration ROUND_TRIP = Duration.ofMillis(300);

    /** Who had it already says so after it was sent again: that is counted last, on all hosts. */
    static TcpTroubles now(Lab lab) {
        TcpTroubles sum = new TcpTroubles(0, 0, 0, 0, droppedByQueues(lab));
        List<String> hosts = new ArrayList<>(Lab.BACKENDS);
        hosts.add("client");
        for (String host : hosts) {
            JsonNode kernel = counters(lab, host);
            sum = new TcpTroubles(sum.lost + kernel.path("TcpRetransSegs").asLong(),
                    sum.timeouts + kernel.path("TcpExtTCPTimeouts").asLong(),
                    sum.resetsSent + kernel.path("TcpOutRsts").asLong(),
                    sum.resetsSeen + kernel.path("TcpEstabResets").asLong(), sum.dropped);
        }
        Await.pause(ROUND_TRIP);
        long needless = hosts.stream().map(host -> counters(lab, host))
                .mapToLong(kernel -> kernel.path("TcpExtTCPDSACKOldSent").asLong() + kernel.path("TcpExtTCPDSACKOfoSent").asLong()).sum();
        return new TcpTroubles(sum.lost - needless, sum.timeouts, sum.resetsSent, sum.resetsSeen, sum.dropped);
    }

    TcpTroubles since(TcpTroubles before) {
        return new TcpTroubles(lost - before.lost, timeouts - before.timeouts, resetsSent - before.resetsSent,
                resetsSeen - before.resetsSeen, dropped - before.dropped);
    }

    /** By processors, whose queues are those of the whole machine, and by the ends of all cables, which count nothing that a program decides. */
    private static long droppedByQueues(Lab lab) {
        long dropped = 0;
        List<String> hosts = new ArrayList<>(Lab.BACKENDS);
        hosts.addAll(List.of("client", "balancer", "segment"));
        for (String host : hosts) {
            dropped += lab.on(host, "sh", "-c", "cat /sys/class/net/*/statistics/?x_dropped").succeeded().lines().mapToLong(Long::parseLong).sum();
        }
        try (Stream<String> processors = Files.lines(Path.of("/proc/net/softnet_stat"))) {
            return dropped + processors.mapToLong(line -> Long.parseLong(line.split(" ")[1], 16)).sum();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JsonNode counters(Lab lab, String host) {
        String json = lab.on(host, "nstat", "-aszj").succeeded();
        try {
            return new ObjectMapper().readTree(json).path("kernel");
        } catch (JsonProcessingException e) {
            throw new AssertionError("nstat: " + json, e);
        }
    }
}
