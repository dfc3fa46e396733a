package io.loom.control.internal;

import io.loom.api.config.ConfigSource;
import io.loom.api.config.OwnAddresses;
import io.loom.api.control.BackendView;
import io.loom.api.control.Connections;
import io.loom.api.control.HealthReports;
import io.loom.api.control.Deployment;
import io.loom.api.control.LoomControl;
import io.loom.api.control.NewBackend;
import io.loom.api.control.PluginListing;
import io.loom.api.control.PluginView;
import io.loom.api.control.ProblemSource;
import io.loom.api.control.Status;
import io.loom.api.control.VipView;
import io.loom.control.dataplane.DataPlane;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;

/**
 * Serves {@link LoomControl} while there is a configuration source and a data plane. Health checks may come and go: without
 * them the last results hold. Stopping it leaves the kernel as it is.
 */
@Component(service = {LoomControl.class, PluginListing.class, Connections.class}, immediate = true)
public final class ControlComponent implements LoomControl, PluginListing, Connections {
    private final ControlService service;
    private final Connections connections;
    private final DataPlane plane;

    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
    volatile Deployment deployment;

    @Activate
    public ControlComponent(
            BundleContext context, @Reference ConfigSource source, @Reference DataPlane plane) {
        this.plane = plane;
        String data = context.getProperty("loom.data");
        this.service = new ControlService(
                source, plane, Path.of(data == null ? "data" : data), new OwnAddresses(), System::nanoTime);
        this.connections = new ConnectionViews(plane::connections, service::backends);
    }

    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
    void bindHealth(HealthReports reports) {
        service.health().bind(reports);
    }

    void unbindHealth(HealthReports reports) {
        service.health().unbind(reports);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindProblems(ProblemSource source) {
        service.bindProblems(source);
    }

    void unbindProblems(ProblemSource source) {
        service.unbindProblems(source);
    }

    @Deactivate
    void deactivate() {
        service.close();
    }

    @Override
    public Status status() {
        return service.status();
    }

    @Override
    public List<VipView> vips() {
        return service.vips();
    }

    @Override
    public List<BackendView> backends() {
        return service.backends();
    }

    @Override
    public BackendView backend(int id) {
        return service.backend(id);
    }

    @Override
    public BackendView addBackend(String upstream, NewBackend backend) {
        return service.addBackend(upstream, backend);
    }

    @Override
    public BackendView changeBackend(int id, OptionalInt weight) {
        return service.changeBackend(id, weight);
    }

    @Override
    public void removeBackend(int id) {
        service.removeBackend(id);
    }

    @Override
    public List<PluginView> plugins() {
        Deployment folder = deployment;
        return new PluginTable(plane.plugins(), vips()).of(folder == null ? List.of() : folder.files());
    }

    @Override
    public Optional<Page> page(Wanted wanted, String after, int limit) {
        return connections.page(wanted, after, limit);
    }

    @Override
    public Map<State, Long> count(Wanted wanted) {
        return connections.count(wanted);
    }
}
