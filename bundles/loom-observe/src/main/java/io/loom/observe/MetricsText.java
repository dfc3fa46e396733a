package io.loom.observe;

import org.osgi.annotation.versioning.ProviderType;

/** The Prometheus page. Thread-safe; each call reads the kernel's counters once. */
@ProviderType
public interface MetricsText {

    /**
     * @param accept value of the scraper's {@code Accept} header, empty if it sent none; OpenMetrics is given only to those
     *               who ask for it
     * @throws io.loom.api.LoomException if the counters cannot be read
     */
    Page render(String accept);

    /** @param contentType with version and character set, as Prometheus wants it */
    record Page(String contentType, byte[] body) {}
}
