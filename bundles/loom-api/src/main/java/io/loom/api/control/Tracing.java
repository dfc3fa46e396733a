package io.loom.api.control;

import io.loom.api.Verdict;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Single packets and what became of them, while somebody looks. Thread-safe. The kernel writes them down only for as long as
 * there is a reader, and never waits for one: what it cannot keep up with is lost, and counted.
 */
@ProviderType
public interface Tracing {
    /** Readers at a time. */
    int READERS = 2;

    /**
     * Begins to read.
     *
     * @return empty if there are {@link #READERS} already
     * @throws io.loom.api.LoomException LOOM-1250 if the running program cannot trace
     */
    Optional<Reader> read(Wanted wanted);

    /**
     * Which packets.
     *
     * @param verdicts numbers; none: any
     * @param address  source, destination, or where the packet was sent to
     * @param vip      name of the vip that it came to
     */
    record Wanted(Set<Integer> verdicts, Optional<InetAddress> address, Optional<String> vip) {
        public Wanted {
            verdicts = Set.copyOf(verdicts);
        }
    }

    /** One reader's packets, in bounded memory. For one thread; must be closed, which ends the recording if it was the last. */
    interface Reader extends AutoCloseable {

        /** The next packets, at most a thousand; none if there are none within that time. */
        List<Packet> next(Duration wait) throws InterruptedException;

        /** Packets that were wanted, since it began, and could not be kept: in the kernel (for either reader) or here. */
        long lost();

        /** False once the data path has ended it: nothing comes any more. */
        boolean isOpen();

        @Override
        void close();
    }

    /**
     * One packet. Addresses, ports and flags are those with which it came in.
     *
     * @param device  it came in on
     * @param reason  lower case, such as {@code drop_source_denied}
     * @param headers of IP and transport; those that an ICMP error quotes
     * @param way     what Loom did with it
     * @param bytesIn  frame length
     * @param bytesOut frame length; 0: it did not leave
     */
    record Packet(
            Instant time, String device, int cpu, String reason, Verdict.Action action, Headers headers, Way way, long bytesIn,
            long bytesOut) {}

    /**
     * @param protocol name or number; empty: no IP
     * @param source      empty: no IP
     * @param sourcePort  0: none
     * @param tcpFlags    lower case, such as {@code syn ack}
     * @param kind        what the headers are of
     * @param length      of the IP packet
     */
    record Headers(
            String protocol, String source, int sourcePort, String destination, int destinationPort, String tcpFlags, Kind kind,
            int length) {}

    /** What the headers are of. */
    enum Kind { PACKET, FIRST_FRAGMENT, LATER_FRAGMENT, ICMP_ERROR }

    /**
     * @param listener {@code tcp 10.0.0.1:80}; empty: no vip's
     * @param vip      empty: none
     * @param backend  {@code 10.0.1.10:8080}, {@code local} for the local stack; empty: none
     * @param sentTo   destination of the frame as it left, of the outer header; empty: it did not leave
     */
    record Way(String listener, String vip, String backend, String sentTo) {}
}
