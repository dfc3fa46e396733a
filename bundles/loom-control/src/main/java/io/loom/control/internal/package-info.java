/**
 * The control plane: desired state out of the configuration file and runtime changes, and the one writer thread that makes
 * the kernel match it. Decisions are pure functions ({@link io.loom.control.internal.Planner},
 * {@link io.loom.control.internal.Diff}, {@link io.loom.control.internal.FileMerge},
 * {@link io.loom.control.internal.RuntimeEdit}); effects happen in {@link io.loom.control.internal.Reconciler} and
 * {@link io.loom.control.internal.RuntimeStore} only. It knows neither BPF nor HTTP.
 */
package io.loom.control.internal;
