/**
 * What a plugin implements, registered as an OSGi service (Declarative Services): an {@link io.loom.api.plugin.Algorithm}
 * fills a lookup table in plain Java; a {@link io.loom.api.plugin.ForwardingMethod} brings one BPF object that the data path
 * links into its program. Plugins know neither each other nor the kernel.
 */
@org.osgi.annotation.bundle.Export
@org.osgi.annotation.versioning.Version("1.0.0")
package io.loom.api.plugin;
