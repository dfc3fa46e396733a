package io.loom.itests.bench;

import io.loom.api.Family;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** Reads nat's pairs, struct nat_pair of forward/nat/pair.h: what replies to its connections carry. */
final class Translations {
    private static final int WORD_AT = 0;
    private static final int SOURCE_PORT_AT = 18;
    private static final int CLIENT_PORT_AT = 20;
    private static final int ADDRESSES_AT = 40;
    private static final int CLIENT = 2; // backend, source, client, vip

    private Translations() {
    }

    /**
     * The replies' flows, in the order of the clients: that of places in the table would be kind to caches.
     *
     * @param clients from the first on; those without a translation are left out
     */
    static Flows of(Stage stage, Family family, int clients) {
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
        return Flows.of(Arrays.stream(replies).filter(reply -> reply != 0).toArray());
    }

    private static int lastWord(ByteBuffer pair, int address, int size) {
        return pair.getInt(ADDRESSES_AT + (address + 1) * size - Integer.BYTES);
    }
}
