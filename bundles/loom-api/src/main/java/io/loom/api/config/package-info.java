/**
 * The configuration as one immutable snapshot: what the YAML file means after defaults, expansion and validation.
 * loom-config makes it, loom-control obeys it; nobody else needs it.
 */
@org.osgi.annotation.bundle.Export
@org.osgi.annotation.versioning.Version("1.0.0")
package io.loom.api.config;
