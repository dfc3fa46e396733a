/**
 * The map keys and values of {@code include/loom/abi.h} in Java: one codec for each struct, every offset written once and by
 * name. A test compares all of {@link io.loom.datapath.internal.layout.Layouts} with the BTF of the compiled objects, so a
 * wrong offset fails the build. Numbers are little endian, as on every host that Loom supports; addresses, ports and MAC
 * addresses are in wire order.
 */
package io.loom.datapath.internal.layout;
