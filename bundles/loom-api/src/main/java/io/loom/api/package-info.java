/**
 * What every Loom bundle shares: addresses and endpoints, verdicts, and the one exception that people see.
 * Immutable values only; no JNA, no Jetty, no Karaf. Refreshing this bundle restarts all others, so it stays small.
 */
@org.osgi.annotation.bundle.Export
@org.osgi.annotation.versioning.Version("1.0.0")
package io.loom.api;
