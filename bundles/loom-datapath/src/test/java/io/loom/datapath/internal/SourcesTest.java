package io.loom.datapath.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Family;
import io.loom.api.IpAddress;
import io.loom.api.Prefix;
import io.loom.api.config.Acl;
import io.loom.api.control.Telemetry.AclUse;
import io.loom.datapath.internal.layout.AclKeys;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.MapType;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Rules for sources: which one decides, and that changes refuse nobody in between. */
class SourcesTest {
    private static final int NO_PREALLOC = 1;
    private static final int ADDRESSES = 400;

    private final BpfMap trie4 = BpfMap.create(MapType.LPM_TRIE, "test_acl4", 8, 4, 1 << 20, NO_PREALLOC);
    private final BpfMap trie6 = BpfMap.create(MapType.LPM_TRIE, "test_acl6", 20, 4, 1 << 20, NO_PREALLOC);
    private final Random random = new Random(4);

    @AfterEach
    void close() {
        trie4.close();
        trie6.close();
    }

    private static InetAddress address(String text) {
        return IpAddress.parse(text).orElseThrow();
    }

    private static Prefix prefix(String text) {
        String[] parts = text.split("/");
        return new Prefix(address(parts[0]), Integer.parseInt(parts[1]));
    }

    /** As the program asks. */
    private boolean denied(InetAddress source) {
        Prefix all = Prefix.around(source, source.getAddress().length * 8);
        BpfMap trie = all.family() == Family.IPV4 ? trie4 : trie6;
        return trie.lookup(AclKeys.encode(all)).map(AclKeys::denies).orElse(false);
    }

    private static int[] words(InetAddress address) {
        ByteBuffer bytes = ByteBuffer.wrap(address.getAddress()).order(ByteOrder.LITTLE_ENDIAN);
        int[] words = new int[bytes.remaining() / 4];
        for (int i = 0; i < words.length; i++) {
            words[i] = bytes.getInt();
        }
        return words;
    }

    /** Few bits differ, so that prefixes lie in each other. */
    private InetAddress anyAddress() {
        byte[] bytes = address(random.nextBoolean() ? "10.0.0.0" : "2001:db8::").getAddress();
        for (int i = bytes.length / 2; i < bytes.length; i++) {
            bytes[i] = (byte) (random.nextInt(4) << 6 | random.nextInt(4));
        }
        try {
            return InetAddress.getByAddress(bytes);
        } catch (java.net.UnknownHostException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private Map<Prefix, Boolean> anyRules(int count) {
        Map<Prefix, Boolean> rules = new HashMap<>();
        for (int i = 0; i < count; i++) {
            InetAddress address = anyAddress();
            int bits = address.getAddress().length * 8;
            rules.put(Prefix.around(address, bits / 2 + random.nextInt(bits / 2 + 1)), random.nextBoolean());
        }
        return rules;
    }

    @Test
    void theLongestPrefixDecidesAndWhoMatchesNoneIsAllowed() {
        new Sources(trie4, trie6).put(new Acl(Map.of(
                prefix("10.0.0.0/8"), true, prefix("10.1.0.0/16"), false, prefix("10.1.1.1/32"), true, prefix("::/0"), true,
                prefix("2001:db8::/32"), false)));
        assertTrue(denied(address("10.2.3.4")));
        assertFalse(denied(address("10.1.3.4")));
        assertTrue(denied(address("10.1.1.1")));
        assertFalse(denied(address("11.0.0.1")));
        assertTrue(denied(address("2001:db9::1")));
        assertFalse(denied(address("2001:db8::1")));
    }

    @Test
    void theSweepDecidesAsTheProgramDoes() {
        Map<Prefix, Boolean> rules = anyRules(ADDRESSES);
        new Sources(trie4, trie6).put(new Acl(rules));
        SourceRules same = new SourceRules(rules);
        int denied = 0;
        for (int i = 0; i < 20 * ADDRESSES; i++) {
            InetAddress source = anyAddress();
            assertEquals(denied(source), same.denies(words(source)), source.toString());
            denied += denied(source) ? 1 : 0;
        }
        assertTrue(denied > ADDRESSES, "some are denied");
    }

    @Test
    void aLaterProcessKnowsTheRulesThatItFinds() {
        Map<Prefix, Boolean> rules = anyRules(ADDRESSES);
        new Sources(trie4, trie6).put(new Acl(rules));
        Sources later = new Sources(trie4, trie6);
        later.put(new Acl(rules));
        assertFalse(expels(later), "nothing has changed");
        later.put(Acl.NONE);
        assertTrue(expels(later));
        List<byte[]> left = new ArrayList<>();
        trie4.forEach((key, action) -> left.add(key));
        trie6.forEach((key, action) -> left.add(key));
        assertEquals(List.of(), left);
    }

    /** Connections of sources that are denied now would live on. */
    @Test
    void twoSweepsThatBeginAfterAChangeAndEndHoldConnectionsAgainstTheRules() {
        Sources sources = new Sources(trie4, trie6);
        sources.put(new Acl(Map.of(prefix("10.0.0.0/8"), true)));
        for (int i = 0; i < 3; i++) {
            assertThrows(IllegalStateException.class, () -> sources.expel(rules -> {
                throw new IllegalStateException("the sweep fails");
            }));
        }
        assertTrue(expels(sources));
        assertTrue(sources.<Boolean>expel(rules -> {
            sources.put(Acl.NONE);
            return rules != SourceRules.NONE;
        }));
        assertEquals(List.of(true, true, false), List.of(expels(sources), expels(sources), expels(sources)), "two after the last change");
    }

    private static boolean expels(Sources sources) {
        return sources.expel(rules -> rules != SourceRules.NONE);
    }

    /** Counted as the kernel holds them, after changes of every kind, and by a later process. */
    @Test
    void theRulesInTheKernelAreCounted() {
        Sources sources = new Sources(trie4, trie6);
        assertEquals(List.of(new AclUse(Family.IPV4, 0, 0, 1 << 20), new AclUse(Family.IPV6, 0, 0, 1 << 20)), sources.uses());
        for (int round = 0; round < 5; round++) {
            sources.put(new Acl(anyRules(ADDRESSES)));
            List<AclUse> held = List.of(held(Family.IPV4, trie4), held(Family.IPV6, trie6));
            assertTrue(held.stream().allMatch(use -> use.allow() > 0 && use.deny() > 0), "some of each");
            assertEquals(held, sources.uses());
            assertEquals(held, new Sources(trie4, trie6).uses());
        }
        sources.put(new Acl(Map.of(prefix("10.0.0.0/8"), true)));
        sources.put(new Acl(Map.of(prefix("10.0.0.0/8"), false)));
        assertEquals(List.of(new AclUse(Family.IPV4, 1, 0, 1 << 20), new AclUse(Family.IPV6, 0, 0, 1 << 20)), sources.uses());
    }

    private static AclUse held(Family family, BpfMap trie) {
        int[] count = new int[2];
        trie.forEach((key, action) -> count[AclKeys.denies(action) ? 1 : 0]++);
        return new AclUse(family, count[0], count[1], trie.maxEntries());
    }

    /** One thread changes the rules, the other asks for those about whom nothing changes. */
    @Test
    void whoeverIsTreatedAlikeBeforeAndAfterIsSoMeanwhile() throws Exception {
        Sources sources = new Sources(trie4, trie6);
        Map<Prefix, Boolean> before = anyRules(ADDRESSES);
        for (int round = 0; round < 20; round++) {
            Map<Prefix, Boolean> after = anyRules(ADDRESSES);
            sources.put(new Acl(before));
            SourceRules first = new SourceRules(before);
            SourceRules second = new SourceRules(after);
            List<InetAddress> alike = new ArrayList<>();
            while (alike.size() < ADDRESSES / 8) {
                InetAddress source = anyAddress();
                if (first.denies(words(source)) == second.denies(words(source))) {
                    alike.add(source);
                }
            }
            AtomicBoolean done = new AtomicBoolean();
            AtomicReference<String> wrong = new AtomicReference<>("");
            Thread asker = new Thread(() -> {
                while (!done.get()) {
                    alike.stream().filter(source -> denied(source) != first.denies(words(source)))
                            .forEach(source -> wrong.set(source.toString()));
                }
            });
            asker.start();
            sources.put(new Acl(after));
            done.set(true);
            asker.join();
            assertEquals("", wrong.get());
            before = after;
        }
    }
}
