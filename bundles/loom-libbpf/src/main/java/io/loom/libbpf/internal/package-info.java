/**
 * The native boundary: declarations of libbpf and libc functions, the offsets of the structs passed to them, and the one place
 * where a return code becomes an exception ({@link io.loom.libbpf.internal.Check}). Not exported.
 */
package io.loom.libbpf.internal;
