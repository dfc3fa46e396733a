package io.loom.datapath.internal;

import io.loom.api.Family;
import io.loom.api.Prefix;
import io.loom.control.dataplane.TrackedConnections.Wanted;
import io.loom.datapath.internal.layout.ConnectionWord;
import io.loom.datapath.internal.layout.TableEntry;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.BitSet;
import java.util.function.IntPredicate;

/**
 * Which connections are wanted, asked of each of a million: so by numbers, and by names once for each number. For one family and one thread.
 */
final class ConnectionFilter {
    private static final int LISTENERS = 1 << 16;

    private final Wanted wanted;
    private final ConnectionAges ages;
    private final Once listeners;
    private final Once backends;
    private final int[] network;
    private final int[] mask;
    private final long leastIdle;
    private final long mostIdle;
    private final boolean none;

    /** An answer that stays, by number. */
    private static final class Once {
        private final IntPredicate asked;
        private final BitSet known;
        private final BitSet yes;

        private Once(int numbers, IntPredicate asked) {
            this.asked = asked;
            this.known = new BitSet(numbers);
            this.yes = new BitSet(numbers);
        }

        private boolean test(int number) {
            if (!known.get(number)) {
                known.set(number);
                yes.set(number, asked.test(number));
            }
            return yes.get(number);
        }
    }

    ConnectionFilter(Family family, Wanted wanted, ConnectionNames names, ConnectionAges ages) {
        this.wanted = wanted;
        this.ages = ages;
        this.listeners = new Once(LISTENERS, number -> wanted.vip().test(names.vip(number)));
        this.backends = new Once(TableEntry.LOCAL + 1, number -> wanted.owner().test(names.owner(number)));
        this.leastIdle = wanted.idle().map(Duration::toMillis).orElse(0L);
        this.mostIdle = wanted.seen().map(Duration::toMillis).orElse(Long.MAX_VALUE);
        this.none = wanted.client().filter(client -> client.family() != family).isPresent();
        this.network = wanted.client().map(client -> words(client.address().getAddress())).orElse(new int[0]);
        this.mask = wanted.client().map(ConnectionFilter::mask).orElse(new int[0]);
    }

    private static int[] mask(Prefix client) {
        byte[] bytes = new byte[client.family().addressBytes()];
        for (int bit = 0; bit < client.length(); bit++) {
            bytes[bit / 8] |= (byte) (0x80 >> bit % 8);
        }
        return words(bytes);
    }

    private static int[] words(byte[] bytes) {
        int[] words = new int[bytes.length / Integer.BYTES];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(words);
        return words;
    }

    /** Nothing of the family is. */
    boolean isNone() {
        return none;
    }

    /** As {@link ConnectionScan.Visitor} has them. */
    boolean wants(int listener, int[] client, int rawPort, long word) {
        return !ages.over(word) && isOf(client, rawPort) && isSo(word)
                && listeners.test(listener) && backends.test(ConnectionWord.backend(word));
    }

    private boolean isOf(int[] client, int rawPort) {
        for (int i = 0; i < mask.length; i++) {
            if ((client[i] & mask[i]) != network[i]) {
                return false;
            }
        }
        return wanted.clientPort().isEmpty() || wanted.clientPort().getAsInt() == ConnectionNames.port(rawPort);
    }

    private boolean isSo(long word) {
        return (wanted.state().isEmpty() || wanted.state().get() == ConnectionAges.state(word))
                && ages.idleMillis(word) >= leastIdle && ages.idleMillis(word) <= mostIdle;
    }
}
