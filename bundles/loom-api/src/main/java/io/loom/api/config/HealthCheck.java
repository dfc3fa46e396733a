package io.loom.api.config;

import java.time.Duration;
import java.util.OptionalInt;

/**
 * A TCP connect check.
 *
 * @param interval between the starts of two probes of one server
 * @param timeout  of one probe; at most {@code interval}
 * @param rise     successes in a row until a server is up again
 * @param fall     failures in a row until a server is down
 * @param port     other port to probe; empty: the server's own
 */
public record HealthCheck(Duration interval, Duration timeout, int rise, int fall, OptionalInt port) {}
