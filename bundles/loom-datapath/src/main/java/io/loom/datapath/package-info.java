/**
 * The data path's tools for others: composing a program from core and forwarding methods, running it on scratch maps (self
 * tests, packet tables, the bench), and taking an instance down. The data plane itself is an OSGi service
 * ({@link io.loom.control.dataplane.DataPlane}) and not exported.
 */
@org.osgi.annotation.bundle.Export
@org.osgi.annotation.versioning.Version("1.0.0")
package io.loom.datapath;
