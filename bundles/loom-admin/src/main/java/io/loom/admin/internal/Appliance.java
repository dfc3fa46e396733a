package io.loom.admin.internal;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.api.control.Connections;
import io.loom.api.control.LoomControl;
import io.loom.api.control.PluginListing;
import io.loom.api.control.Telemetry;
import io.loom.api.control.Tracing;
import io.loom.observe.MetricsText;
import java.util.Optional;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;

/**
 * The services behind REST. They may come late or be replaced at any time: REST stays up meanwhile and says what is
 * missing, because that is when people look at it.
 */
@Component(service = Appliance.class)
public final class Appliance {
    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    volatile LoomControl control;

    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    volatile PluginListing plugins;

    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    volatile Telemetry telemetry;

    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    volatile MetricsText metrics;

    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    volatile Tracing tracing;

    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    volatile Connections connections;

    /** @throws LoomException LOOM-3523 if the control plane is not running */
    LoomControl control() {
        return required(control, "the control plane (bundle loom-control)");
    }

    /** @throws LoomException LOOM-3523 if the control plane is not running */
    PluginListing plugins() {
        return required(plugins, "the control plane (bundle loom-control)");
    }

    /** @throws LoomException LOOM-3523 if the data path is not running */
    Telemetry telemetry() {
        return required(telemetry, "the data path (bundle loom-datapath)");
    }

    /** @throws LoomException LOOM-3523 if the data path is not running */
    Tracing tracing() {
        return required(tracing, "the data path (bundle loom-datapath)");
    }

    /** @throws LoomException LOOM-3523 if the control plane is not running */
    Connections connections() {
        return required(connections, "the control plane (bundle loom-control)");
    }

    /** @throws LoomException LOOM-3523 if the metrics are not available */
    MetricsText metrics() {
        return required(metrics, "the metrics page (bundle loom-observe)");
    }

    Optional<LoomControl> controlIfRunning() {
        return Optional.ofNullable(control);
    }

    private static <T> T required(T service, String name) {
        if (service == null) {
            throw new LoomException(Problem.of(Refusal.NOT_RUNNING.code(), name + " is not running",
                    "it is still starting or failed to start", "look at the log for the reason, or try again"));
        }
        return service;
    }
}
