package io.loom.datapath.internal;

import io.loom.datapath.internal.layout.ConnectionWord;
import io.loom.datapath.internal.layout.TableEntry;
import java.util.BitSet;

/**
 * Connections that count towards limits, as one sweep finds them: those that have not ended, and that a backend has. Filled by
 * one thread, read by any afterwards.
 */
final class OpenConnections {
    private static final int LISTENERS = 1 << 16;

    static final OpenConnections NONE = new OpenConnections(new BitSet());

    private final BitSet halfSeen;
    private final int[] byListener = new int[LISTENERS];
    private final int[] byBackend = new int[TableEntry.LOCAL];

    /** @param halfSeen listeners whose servers answer past Loom, by number: a connection has ended when its client closes */
    OpenConnections(BitSet halfSeen) {
        this.halfSeen = halfSeen;
    }

    void see(int listener, long word) {
        int backend = ConnectionWord.backend(word);
        if (backend != TableEntry.LOCAL && !ConnectionWord.ended(word, halfSeen.get(listener))) {
            byListener[listener]++;
            byBackend[backend]++;
        }
    }

    int ofListener(int number) {
        return byListener[number];
    }

    int ofBackend(int number) {
        return byBackend[number];
    }
}
