package io.loom.itests.lab;

import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Load on a vip while a test does things: wrk over connections that stay, new connections at a pace, and one
 * connection that must live through it all. TCP hides loss, so the kernel's counters of retransmissions and resets are taken
 * before and after.
 */
final class Load {
    private static final int CONNECTIONS = 16;
    private static final int NEW_PER_SECOND = 100;
    private static final Pattern REPORT = Pattern.compile(
            "report requests=(\\d+) connect=(\\d+) read=(\\d+) write=(\\d+) status=(\\d+) timeout=(\\d+) largest=(\\d+)");

    private final Lab lab;
    private final long start = System.nanoTime();
    private final TcpTroubles before;
    private final Background wrk;
    private final Background paced;
    private final Background steady;

    private Load(Lab lab, String address) {
        this.lab = lab;
        this.before = TcpTroubles.now(lab);
        this.wrk = Background.start(lab.lineOn("client", List.of("wrk", "-t1", "-c" + CONNECTIONS, "-d600s", "--timeout", "10s",
                "-s", Lab.ROOT.resolve("lab/report.lua").toString(), "http://" + address + "/quiet")));
        this.paced = Visits.paced(lab, address, 80, NEW_PER_SECOND);
        this.steady = Visits.steady(lab, address, 80);
    }

    /** @param address IPv4 of a vip that serves on port 80 */
    static Load on(Lab lab, String address) {
        Load load = new Load(lab, address);
        Await.pause(Duration.ofSeconds(2)); // until all of it flows
        return load;
    }

    /**
     * @param requests      of wrk
     * @param failures      of any kind, of all three
     * @param largestMillis of any request
     * @param troubles      what TCP hid
     * @param seconds       how long it ran
     */
    record Report(long requests, long failures, String failure, long largestMillis, long visits, TcpTroubles troubles, long seconds) {}

    Report stop() {
        Visits one = Visits.of(steady);
        Visits many = Visits.of(paced);
        TcpTroubles troubles = TcpTroubles.now(lab).since(before); // before wrk gives its connections up by resets
        Matcher matcher = report(wrk.interrupt());
        long failures = one.failures() + many.failures();
        for (int i = 2; i <= 6; i++) {
            failures += Long.parseLong(matcher.group(i));
        }
        long largest = Math.max(Math.max(one.largestMillis(), many.largestMillis()), Long.parseLong(matcher.group(7)) / 1000);
        String failure = "one connection: " + one.firstFailure() + ", new connections: " + many.firstFailure() + ", wrk: "
                + matcher.group();
        return new Report(Long.parseLong(matcher.group(1)), failures, failure, largest, one.total() + many.total(),
                troubles, Duration.ofNanos(System.nanoTime() - start).toSeconds());
    }

    private static Matcher report(String output) {
        Matcher matcher = REPORT.matcher(output);
        if (!matcher.find()) {
            throw new AssertionError("wrk has not reported: " + output);
        }
        return matcher;
    }
}
