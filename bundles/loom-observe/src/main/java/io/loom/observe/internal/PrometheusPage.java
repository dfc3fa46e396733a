package io.loom.observe.internal;

import io.loom.api.control.LoomControl;
import io.loom.api.control.Probing;
import io.loom.api.control.Telemetry;
import io.loom.observe.MetricsText;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.OpenMetricsTextFormatWriter;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;

/** Renders the metrics with the Prometheus Java client's text writers. */
@Component(service = MetricsText.class)
public final class PrometheusPage implements MetricsText {
    private final Telemetry telemetry;
    private final LoomControl control;
    private final String version;
    private final ExpositionFormatWriter openMetrics = new OpenMetricsTextFormatWriter(false, false);
    private final ExpositionFormatWriter prometheus = new PrometheusTextFormatWriter(false);

    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
    volatile Probing probing;

    @Activate
    public PrometheusPage(@Reference Telemetry telemetry, @Reference LoomControl control, BundleContext bundle) {
        this(telemetry, control, bundle.getBundle().getVersion().toString());
    }

    PrometheusPage(Telemetry telemetry, LoomControl control, String version) {
        this.telemetry = telemetry;
        this.control = control;
        this.version = version;
    }

    @Override
    public Page render(String accept) {
        Samples samples = new MetricsCollection(
                telemetry.read(), control.status(), control.vips(), control.backends(),
                Optional.ofNullable(probing).map(Probing::use)).collect(version);
        ExpositionFormatWriter writer = openMetrics.accepts(accept) ? openMetrics : prometheus;
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        try {
            writer.write(body, samples.toSnapshots());
        } catch (IOException impossible) {
            throw new UncheckedIOException("writing to memory failed", impossible);
        }
        return new Page(writer.getContentType(), body.toByteArray());
    }
}
