package io.loom.datapath.internal.layout;

import io.loom.api.Family;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;

/** Addresses in fields of 4 or 16 bytes; an IPv4 address in a field of 16 stands in its first 4, the rest is zero. */
final class Addresses {
    private Addresses() {}

    static void put(ByteBuffer struct, Field field, InetAddress address) {
        field.putBytes(struct, address.getAddress());
    }

    static InetAddress get(ByteBuffer struct, Field field, Family family) {
        try {
            return InetAddress.getByAddress(field.getBytes(struct, family.addressBytes()));
        } catch (UnknownHostException wrongLength) {
            throw new IllegalStateException(wrongLength);
        }
    }
}
