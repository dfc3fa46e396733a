package io.loom.api.config;

/**
 * What the data plane says by ICMP itself.
 *
 * @param echo     pings of vips are answered
 * @param echoRate answers a second on each CPU, at least 1
 */
public record IcmpSettings(boolean echo, int echoRate) {
    public static final IcmpSettings DEFAULT = new IcmpSettings(true, 1000);
}
