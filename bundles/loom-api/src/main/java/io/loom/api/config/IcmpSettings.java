package io.loom.api.config;

/**
 * What the data plane says by ICMP itself.
 *
 * @param echo      pings of vips are answered
 * @param echoRate  answers a second on each CPU, at least 1
 * @param errorRate errors about packets that cannot reach their backend, a second on each CPU; 0: none
 */
public record IcmpSettings(boolean echo, int echoRate, int errorRate) {
    public static final IcmpSettings DEFAULT = new IcmpSettings(true, 1000, 1000);
    /** Nothing. */
    public static final IcmpSettings SILENT = new IcmpSettings(false, 1, 0);
}
