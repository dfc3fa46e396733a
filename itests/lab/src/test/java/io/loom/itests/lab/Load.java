package io.loom.itests.lab;

import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Load on a vip while a test does things: wrk over connections that stay, new connections at a pace, and one
 * connection that must live through it all. TCP hides loss, so the kernel's counters of retransmissions and resets are taken
 * before and after. A second wrk goes straight to a backend at the same time: what is slow there, the machine made slow.
 */
final class Load {
    private static final int CONNECTIONS = 16;
    private static final int STRAIGHT_CONNECTIONS = 4;
    private static final int NEW_PER_SECOND = 100;
    private static final Pattern REPORT = Pattern.compile(
            "report requests=(\\d+) connect=(\\d+) read=(\\d+) write=(\\d+) status=(\\d+) timeout=(\\d+) largest=(\\d+)");

    private final Lab lab;
    private final long start = System.nanoTime();
    private final TcpTroubles before;
    private final Background wrk;
    private final Background straight;
    private final Background paced;
    private final Background steady;

    private Load(Lab lab, String address) {
        this.lab = lab;
        this.before = TcpTroubles.now(lab);
        this.wrk = wrk(address, CONNECTIONS);
        this.straight = wrk(Lab.address4(Lab.BACKENDS.get(0)), STRAIGHT_CONNECTIONS);
        this.paced = Visits.paced(lab, address, 80, NEW_PER_SECOND);
        this.steady = Visits.steady(lab, address, 80);
    }

    private Background wrk(String address, int connections) {
        return Background.start(lab.lineOn("client", List.of("wrk", "-t1", "-c" + connections, "-d600s", "--timeout", "10s",
                "-s", Lab.ROOT.resolve("lab/report.lua").toString(), "http://" + address + "/quiet")));
    }

    /** @param address IPv4 of a vip that serves on port 80 */
    static Load on(Lab lab, String address) {
        Load load = new Load(lab, address);
        Await.pause(Duration.ofSeconds(2)); // until all of it flows
        return load;
    }

    /**
     * @param requests       of wrk
     * @param failures       of any kind, of all three
     * @param largestMillis  of any request
     * @param straightMillis the largest of those that went straight to a backend
     * @param troubles       what TCP hid
     * @param seconds        how long it ran
     */
    record Report(
            long requests, long failures, String failure, long largestMillis, long straightMillis, long visits,
            TcpTroubles troubles, long seconds) {}

    Report stop() {
        Visits one = Visits.of(steady);
        Visits many = Visits.of(paced);
        TcpTroubles troubles = TcpTroubles.now(lab).since(before); // before wrk gives its connections up by resets
        Matcher matcher = report(wrk.interrupt());
        long control = millis(report(straight.interrupt()));
        long failures = one.failures() + many.failures();
        for (int i = 2; i <= 6; i++) {
            failures += Long.parseLong(matcher.group(i));
        }
        long largest = Math.max(Math.max(one.largestMillis(), many.largestMillis()), millis(matcher));
        String failure = "one connection: " + one.firstFailure() + ", new connections: " + many.firstFailure() + ", wrk: "
                + matcher.group();
        return new Report(Long.parseLong(matcher.group(1)), failures, failure, largest, control, one.total() + many.total(),
                troubles, Duration.ofNanos(System.nanoTime() - start).toSeconds());
    }

    private static long millis(Matcher report) {
        return Long.parseLong(report.group(7)) / 1000;
    }

    private static Matcher report(String output) {
        Matcher matcher = REPORT.matcher(output);
        if (!matcher.find()) {
            throw new AssertionError("wrk has not reported: " + output);
        }
        return matcher;
    }
}
