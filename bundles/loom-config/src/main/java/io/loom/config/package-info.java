/**
 * The configuration file as a validated, immutable {@link io.loom.api.config.LoomConfig}: reads YAML, reports every problem at
 * once with its place, watches the file. It knows no BPF and applies nothing: loom-control subscribes to the
 * {@link io.loom.api.config.ConfigSource} service and obeys. {@link io.loom.config.Check} checks a file without a framework.
 */
package io.loom.config;
