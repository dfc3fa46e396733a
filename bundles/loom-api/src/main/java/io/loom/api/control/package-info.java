/**
 * What front ends (REST, shell, later the console) ask of the control plane, and the values it answers with.
 * loom-control serves {@link io.loom.api.control.LoomControl}; loom-datapath serves {@link io.loom.api.control.Telemetry}.
 */
@org.osgi.annotation.bundle.Export
@org.osgi.annotation.versioning.Version("1.0.0")
package io.loom.api.control;
