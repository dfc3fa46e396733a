package io.loom.algorithm.maglev;

import io.loom.api.Endpoint;
import java.nio.ByteBuffer;

/**
 * A 64-bit hash of an endpoint's bytes: the same on every machine and in every release, unlike {@code hashCode}. Balancers
 * that share a vip agree on it, so a change here moves connections: it is part of what a release promises.
 */
final class EndpointHash {
    private EndpointHash() {}

    /** Hashes length of the address, address and port in network byte order; different seeds give independent values. */
    static long of(Endpoint endpoint, long seed) {
        byte[] address = endpoint.address().getAddress();
        ByteBuffer words = ByteBuffer.allocate(24);
        words.put(address).position(16);
        words.putInt(address.length).putInt(endpoint.port()).flip();
        long hash = seed;
        while (words.hasRemaining()) {
            hash = mix(hash ^ words.getLong());
        }
        return hash;
    }

    /** The finaliser of SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014). */
    private static long mix(long value) {
        long mixed = value + 0x9e3779b97f4a7c15L;
        mixed = (mixed ^ mixed >>> 30) * 0xbf58476d1ce4e5b9L;
        mixed = (mixed ^ mixed >>> 27) * 0x94d049bb133111ebL;
        return mixed ^ mixed >>> 31;
    }
}
