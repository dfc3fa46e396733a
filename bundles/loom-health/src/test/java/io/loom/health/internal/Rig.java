package io.loom.health.internal;

import io.loom.api.Endpoint;
import io.loom.api.IpAddress;
import io.loom.api.config.HealthCheck;
import io.loom.api.control.HealthReports.Report;
import io.loom.api.control.HealthReports.Target;
import io.loom.api.control.Probing.UpstreamUse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/** Probes of servers in memory. Times are milliseconds since the beginning. */
final class Rig {
    static final long MILLI = 1_000_000L;

    /** What was reported, and when. */
    record Told(long at, Report report) {}

    final FakeNetwork network = new FakeNetwork();
    final List<Told> told = new ArrayList<>();
    final Map<Target, HealthCheck> targets = new LinkedHashMap<>();
    double chance;
    int rounds;
    long files;
    final Probes probes;
    private final long begin = network.now;

    /** @param places that connections have */
    Rig(int places) {
        files = 2L * places;
        probes = new Probes(network, () -> network.now, () -> chance, () -> files);
    }

    static HealthCheck check(long interval, long timeout, int rise, int fall) {
        return new HealthCheck(Duration.ofMillis(interval), Duration.ofMillis(timeout), rise, fall, OptionalInt.empty());
    }

    static Target target(String upstream, String address) {
        return new Target(upstream, new Endpoint(IpAddress.parse(address).orElseThrow(), 80));
    }

    FakeNetwork.Server server(Target target) {
        return network.server(target.endpoint());
    }

    /** Servers 10.x.0.0 and on, silent until told otherwise. */
    List<Target> add(String upstream, int x, int count, HealthCheck check) {
        List<Target> added = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Target target = target(upstream, "10." + x + "." + i / 250 + "." + (1 + i % 250));
            targets.put(target, check);
            added.add(target);
        }
        return added;
    }

    void obey() {
        probes.obey(Order.of(targets, report -> told.add(new Told(now(), report))));
        probes.proceed();
    }

    long now() {
        return (network.now - begin) / MILLI;
    }

    /** Lets time pass. */
    void run(long millis) {
        long end = network.now + millis * MILLI;
        while (network.now < end) {
            long nap = probes.napMillis();
            long left = (end - network.now + MILLI - 1) / MILLI;
            rounds++;
            network.await(nap == 0 ? left : Math.min(nap, left), probes::look);
            probes.proceed();
        }
    }

    /** Time passes, and the process does not run. */
    void sleep(long millis) {
        network.now += millis * MILLI;
    }

    /** When connections to a server began. */
    List<Long> begun(Target target) {
        return server(target).begun.stream().map(at -> (at - begin) / MILLI).toList();
    }

    List<Told> toldOf(Target target) {
        return told.stream().filter(one -> one.report().target().equals(target)).toList();
    }

    UpstreamUse use(String upstream) {
        return probes.tally().use().upstreams().stream().filter(use -> use.upstream().equals(upstream)).findFirst().orElseThrow();
    }

    List<String> problems() {
        return probes.tally().problems().stream().map(Object::toString).toList();
    }
}
