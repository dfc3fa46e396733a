/**
 * What the control plane needs of a data plane: values that describe the wanted kernel state, the changes that lead there,
 * and the events that come back. loom-datapath implements {@link io.loom.control.dataplane.DataPlane}; tests use a fake.
 */
@org.osgi.annotation.bundle.Export
@org.osgi.annotation.versioning.Version("1.0.0")
package io.loom.control.dataplane;
