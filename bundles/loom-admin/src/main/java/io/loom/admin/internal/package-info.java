/**
 * The administrative HTTP interface: REST, metrics and probes on Jetty, on loopback unless configured otherwise. It parses
 * and checks requests, asks LoomControl, and turns what it gets into JSON; it decides nothing about balancing. It also
 * prints the line that says that the appliance is ready. Nothing of it is exported.
 */
package io.loom.admin.internal;
