/**
 * TCP connect checks of backends: one selector thread, any number of targets. It reports what it sees and decides nothing
 * about traffic; loom-control asks for the probes and draws the conclusions. It knows neither BPF nor the configuration file.
 */
package io.loom.health.internal;
