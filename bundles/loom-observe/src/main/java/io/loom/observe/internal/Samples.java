package io.loom.observe.internal;

import io.loom.observe.Metric;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot.InfoDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Collects values by metric and labels, then hands them to the Prometheus client. A label set given twice counts as a sum. */
final class Samples {
    private final Map<Metric, Map<List<String>, Double>> values = new EnumMap<>(Metric.class);

    /** @param labels values in the order of {@link Metric#labels()} */
    Samples add(Metric metric, double value, String... labels) {
        if (labels.length != metric.labels().size()) {
            throw new IllegalArgumentException(metric.series() + " has the labels " + metric.labels());
        }
        values.computeIfAbsent(metric, first -> new LinkedHashMap<>()).merge(List.of(labels), value, Double::sum);
        return this;
    }

    MetricSnapshots toSnapshots() {
        MetricSnapshots.Builder all = MetricSnapshots.builder();
        values.forEach((metric, points) -> all.metricSnapshot(snapshot(metric, points)));
        return all.build();
    }

    private static MetricSnapshot snapshot(Metric metric, Map<List<String>, Double> points) {
        return switch (metric.kind()) {
            case COUNTER -> counter(metric, points);
            case GAUGE -> gauge(metric, points);
            case INFO -> info(metric, points);
        };
    }

    private static MetricSnapshot counter(Metric metric, Map<List<String>, Double> points) {
        // The client appends _total itself and refuses names that have it already.
        CounterSnapshot.Builder counter = CounterSnapshot.builder().name(without(metric, "_total")).help(metric.help());
        points.forEach((labels, value) -> counter.dataPoint(
                CounterDataPointSnapshot.builder().labels(labels(metric, labels)).value(value).build()));
        return counter.build();
    }

    private static MetricSnapshot gauge(Metric metric, Map<List<String>, Double> points) {
        GaugeSnapshot.Builder gauge = GaugeSnapshot.builder().name(metric.series()).help(metric.help());
        points.forEach((labels, value) -> gauge.dataPoint(
                GaugeDataPointSnapshot.builder().labels(labels(metric, labels)).value(value).build()));
        return gauge.build();
    }

    private static MetricSnapshot info(Metric metric, Map<List<String>, Double> points) {
        InfoSnapshot.Builder info = InfoSnapshot.builder().name(without(metric, "_info")).help(metric.help());
        points.keySet().forEach(labels -> info.dataPoint(
                InfoDataPointSnapshot.builder().labels(labels(metric, labels)).build()));
        return info.build();
    }

    private static String without(Metric metric, String suffix) {
        return metric.series().substring(0, metric.series().length() - suffix.length());
    }

    private static Labels labels(Metric metric, List<String> values) {
        return Labels.of(metric.labels(), values);
    }
}
