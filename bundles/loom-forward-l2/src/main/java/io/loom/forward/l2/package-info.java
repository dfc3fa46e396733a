/**
 * Forwarding method {@code l2}: one BPF object (bpf-objects/forward/l2) and what the control plane must know of it. Registers
 * one service, exports nothing.
 */
package io.loom.forward.l2;
