/**
 * The data plane in the kernel and what drives it: one component, {@link io.loom.datapath.internal.KernelDataPlane}, that
 * answers the control plane, and one class for each thing it cares for (instance and pins, program and links, backends,
 * tables, listeners, next hops, vip addresses, sweep). Nothing here knows YAML or REST.
 */
package io.loom.datapath.internal;
