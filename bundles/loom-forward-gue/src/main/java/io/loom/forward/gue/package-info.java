/**
 * Forwarding method {@code gue}: one BPF object (bpf-objects/forward/gue) and what the control plane must know of it. Registers
 * one service, exports nothing.
 */
package io.loom.forward.gue;
