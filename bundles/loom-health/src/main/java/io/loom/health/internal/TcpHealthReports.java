package io.loom.health.internal;

import io.loom.api.config.HealthCheck;
import io.loom.api.control.HealthReports;
import java.util.Map;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;

/** Serves {@link HealthReports} with TCP connect checks, for IPv4 and IPv6. */
@Component(service = HealthReports.class)
public final class TcpHealthReports implements HealthReports {
    private final ProbeLoop loop = new ProbeLoop();

    @Activate
    public TcpHealthReports() {
        loop.start();
    }

    @Override
    public void watch(Map<Target, HealthCheck> targets, Listener listener) {
        loop.watch(targets, listener);
    }

    @Deactivate
    void deactivate() {
        loop.close();
    }
}
