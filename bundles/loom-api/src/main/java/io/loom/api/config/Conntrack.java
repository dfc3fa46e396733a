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
 * @param sessions    false: each UDP datagram chooses its backend anew
 * @param datagram    idle time of a UDP connection
 * @param affinity    idle time until a client's backend is forgotten, for vips with {@link Vip.Connections#affinity()}
 */
public record Conntrack(
        boolean enabled,
        Duration timeout,
        Duration established,
        Duration synSent,
        Duration synReceived,
        Duration finWait,
        Duration timeWait,
        boolean sessions,
        Duration datagram,
        Duration affinity) {}
