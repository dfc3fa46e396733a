package io.loom.itests.bench;

import io.loom.api.Family;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The connections that nat has a pair for, struct nat_pair of forward/nat/pair.h. Both halves are in the order of the clients:
 * that of places in the table would be kind to caches.
 *
 * @param forward what clients send
 * @param reply   what backends send
 */
record Translations(Flows forward, Flows reply) {
    private static final int WORD_AT = 0;
    private static final int SOURCE_PORT_AT = 18;
    private static final int CLIENT_PORT_AT = 20;
    private static final int ADDRESSES_AT = 48;
    private static final int CLIENT = 2; // backend, source, client, vip

    static Translations none() {
        return new Translations(Flows.of(), Flows.of());
    }

    /** @param clients from the first on; those without a translation are left out */
    static Translations of(Stage stage, Family family, int clients) {
        long[] replies = new long[clients];
        int size = family.addressBytes();
        stage.plane().map("nat_pairs" + family.version()).forEach((place, value) -> {
            ByteBuffer pair = ByteBuffer.wrap(value);
            if (pair.getLong(WORD_AT) == 0) {
                return;
            }
            int client = Flows.client(lastWord(pair, CLIENT, size), Short.toUnsignedInt(pair.getShort(CLIENT_PORT_AT)));
            if (client >= 0 && client < clients) {
                replies[client] =
                        Flows.word(lastWord(pair, 0, size), Short.toUnsignedInt(pair.getShort(SOURCE_PORT_AT)), Flows.ACK);
            }
        });
        return new Translations(
                Flows.clients(0, clients, Flows.ACK).where(client -> replies[client] != 0),
                Flows.of(Arrays.stream(replies).filter(reply -> reply != 0).toArray()));
    }

    private static int lastWord(ByteBuffer pair, int address, int size) {
        return pair.getInt(ADDRESSES_AT + (address + 1) * size - Integer.BYTES);
    }
}
