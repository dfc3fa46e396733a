package io.loom.api.config;

import java.time.Duration;

/**
 * Tracking of connections.
 *
 * @param enabled     false: stateless, only with a direct forwarding method
 * @param timeout     idle time of an established connection
 * @param synSent     after the client's SYN
 * @param synReceived while the handshake is not finished
 * @param finWait     after the first FIN
 * @param timeWait    after both FINs or a reset; for nat also the quarantine of the source port
 */
public record Conntrack(
        boolean enabled,
        Duration timeout,
        Duration established,
        Duration synSent,
        Duration synReceived,
        Duration finWait,
        Duration timeWait) {}
