package io.loom.api.config;

import java.net.InetSocketAddress;

/** Where the administrative interfaces listen; loopback unless the operator says otherwise. */
public record Admin(InetSocketAddress rest, InetSocketAddress ssh) {}
