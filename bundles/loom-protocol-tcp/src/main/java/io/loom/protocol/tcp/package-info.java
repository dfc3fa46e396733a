/**
 * Protocol handler {@code tcp}: one BPF object (bpf-objects/protocol/tcp) and which protocol it is for. Registers one service,
 * exports nothing.
 */
package io.loom.protocol.tcp;
