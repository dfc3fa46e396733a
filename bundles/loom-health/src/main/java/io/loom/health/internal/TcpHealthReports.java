package io.loom.health.internal;

import io.loom.api.Problem;
import io.loom.api.config.HealthCheck;
import io.loom.api.control.HealthReports;
import io.loom.api.control.ProblemSource;
import io.loom.api.control.Probing;
import java.util.List;
import java.util.Map;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;

/** Serves {@link HealthReports} with TCP connect checks, for IPv4 and IPv6, and tells how they fare. */
@Component(service = {HealthReports.class, ProblemSource.class, Probing.class})
public final class TcpHealthReports implements HealthReports, ProblemSource, Probing {
    private static final long PAUSE = 1_000;

    private final ProbeLoop loop;

    @Activate
    public TcpHealthReports() {
        this(Descriptors.ofThisProcess());
    }

    TcpHealthReports(Descriptors descriptors) {
        loop = new ProbeLoop(new SelectorNetwork(), descriptors, PAUSE);
        loop.start();
    }

    @Override
    public void watch(Map<Target, HealthCheck> targets, Listener listener) {
        loop.watch(targets, listener);
    }

    @Override
    public List<Problem> problems() {
        return loop.problems();
    }

    @Override
    public Use use() {
        return loop.use();
    }

    @Deactivate
    void deactivate() {
        loop.close();
    }
}
