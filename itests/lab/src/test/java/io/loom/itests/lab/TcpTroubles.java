package io.loom.itests.lab;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;

/**
 * The kernel's counters of what TCP hides from programs, summed over the client and the backends since they were made.
 *
 * @param lost         segments that had to be sent again: retransmitted ones, without those that the receiver said to have
 *                     had already (DSACK, RFC 2883), of which a busy machine makes some even without Loom
 * @param timeouts     expired retransmission timers: an acknowledgement was more than 200 ms late, or lost
 * @param resetsSent   RST segments
 * @param resetsSeen   connections ended by one
 */
record TcpTroubles(long lost, long timeouts, long resetsSent, long resetsSeen) {

    static TcpTroubles now(Lab lab) {
        TcpTroubles sum = new TcpTroubles(0, 0, 0, 0);
        List<String> hosts = new ArrayList<>(Lab.BACKENDS);
        hosts.add("client");
        for (String host : hosts) {
            JsonNode kernel = counters(lab.on(host, "nstat", "-aszj").succeeded());
            long needless = kernel.path("TcpExtTCPDSACKOldSent").asLong() + kernel.path("TcpExtTCPDSACKOfoSent").asLong();
            sum = new TcpTroubles(sum.lost + kernel.path("TcpRetransSegs").asLong() - needless,
                    sum.timeouts + kernel.path("TcpExtTCPTimeouts").asLong(),
                    sum.resetsSent + kernel.path("TcpOutRsts").asLong(),
                    sum.resetsSeen + kernel.path("TcpEstabResets").asLong());
        }
        return sum;
    }

    TcpTroubles since(TcpTroubles before) {
        return new TcpTroubles(lost - before.lost, timeouts - before.timeouts, resetsSent - before.resetsSent,
                resetsSeen - before.resetsSeen);
    }

    private static JsonNode counters(String json) {
        try {
            return new ObjectMapper().readTree(json).path("kernel");
        } catch (JsonProcessingException e) {
            throw new AssertionError("nstat: " + json, e);
        }
    }
}
