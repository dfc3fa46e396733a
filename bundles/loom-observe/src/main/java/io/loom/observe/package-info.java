/**
 * What Loom lets people see, in the forms that machines read: totals derived from the kernel's counters, the Prometheus
 * page and the JSON of every view. It knows no HTTP framework and no shell; loom-admin serves these over REST and
 * loom-shell prints them with {@code --json}, so that both say the same.
 */
@org.osgi.annotation.bundle.Export
@org.osgi.annotation.versioning.Version("1.0.0")
package io.loom.observe;
