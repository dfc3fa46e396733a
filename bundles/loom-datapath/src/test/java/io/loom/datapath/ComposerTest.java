package io.loom.datapath;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.LoomException;
import io.loom.api.plugin.Description;
import io.loom.forward.ipip.IpipForwarding;
import io.loom.forward.nat.NatForwarding;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Linking only: nothing is loaded. */
class ComposerTest {
    private static final Tuning TUNING = Tuning.small(250);
    private final Composer composer = Composer.builtIn();
    private final SlottedMethod nat = SlottedMethod.of(0, new NatForwarding());
    private final SlottedMethod ipip = SlottedMethod.of(5, new IpipForwarding());

    @Test
    void methodsGetTheSlotsThatTheyAreGiven() {
        Composition composition = composer.compose(List.of(ipip, nat), TestHandlers.ALL, TUNING);
        assertEquals(Optional.of(0), composition.slot("nat"));
        assertEquals(Optional.of(5), composition.slot("ipip"));
        assertEquals(Optional.of("DROP_PORTS_EXHAUSTED"), composition.verdictName(128));
        assertEquals(Optional.of("PASS_NOT_IP"), composition.verdictName(16));
        assertEquals(Optional.empty(), composition.verdictName(200));
        assertEquals(1, composition.openSlots());
        assertEquals(1, composition.replySlots());
    }

    @Test
    void equalInputsHaveEqualFingerprintsAndOthersDoNot() {
        String fingerprint = composer.compose(List.of(nat, ipip), TestHandlers.ALL, TUNING).fingerprint();
        assertEquals(fingerprint, composer.compose(List.of(ipip, nat), TestHandlers.ALL, TUNING).fingerprint());
        assertEquals(fingerprint, composer.compose(List.of(nat, ipip), TestHandlers.ALL, TUNING.withConnections(new Tuning.Connections(5, Tuning.Connections.Kind.CACHE))).fingerprint());
        assertNotEquals(fingerprint, composer.compose(List.of(nat), TestHandlers.ALL, TUNING).fingerprint());
        assertNotEquals(fingerprint, composer.compose(List.of(nat, ipip), TestHandlers.ALL, Tuning.small(1000)).fingerprint());
        assertNotEquals(fingerprint, composer.compose(List.of(nat, withConstants(ipip, Map.of("x", 1L))), TestHandlers.ALL, TUNING).fingerprint());
    }

    private static SlottedMethod withConstants(SlottedMethod method, Map<String, Long> constants) {
        Description d = method.description();
        return new SlottedMethod(method.slot(), new Description(
                d.name(), d.direct(), d.stateful(), d.overhead(), d.pairs(), constants, d.verdicts(), d.selfTest()), method.object());
    }

    @Test
    void aConstantThatTheObjectLacksIsRefused() {
        Composition composition = composer.compose(List.of(withConstants(ipip, Map.of("ipip_none", 1L))), TestHandlers.ALL, TUNING);
        assertRefused("LOOM-4104", () -> composition.open(Map.of()).close());
    }

    @Test
    void anObjectWithoutTheForwardFunctionIsRefused() {
        byte[] object = replaced(ipip.object(), "loom_forward_slotXX", "loom_foreign_slotXX");
        assertRefused("LOOM-4101", () -> composer.compose(List.of(new SlottedMethod(0, ipip.description(), object)), TestHandlers.ALL, TUNING));
    }

    @Test
    void anObjectWithoutAnAbiNumberIsRefused() {
        byte[] object = replaced(ipip.object(), "loom_abi_slotXX", "loom_iba_slotXX");
        assertRefused("LOOM-4102", () -> composer.compose(List.of(new SlottedMethod(0, ipip.description(), object)), TestHandlers.ALL, TUNING));
    }

    /** A member of struct loom_backend under another name: the linker takes it, we do not. */
    @Test
    void anObjectWithAnotherLayoutIsRefused() {
        byte[] object = replaced(ipip.object(), "ifindex\0", "ifandex\0");
        LoomException refused = assertRefused(
                "LOOM-4103", () -> composer.compose(List.of(new SlottedMethod(0, ipip.description(), object)), TestHandlers.ALL, TUNING));
        assertTrue(refused.getMessage().contains("struct loom_backend"), refused.getMessage());
    }

    /** It was compiled before padding at the end of struct loom_backend got a meaning. */
    @Test
    void anObjectThatKnowsAMemberAsPaddingIsLinked() {
        byte[] object = replaced(ipip.object(), "vlan\0", "pad1\0");
        composer.compose(List.of(new SlottedMethod(0, ipip.description(), object)), TestHandlers.ALL, TUNING);
    }

    private static LoomException assertRefused(String code, Runnable action) {
        LoomException refused = assertThrows(LoomException.class, action::run);
        assertEquals(code, refused.code());
        return refused;
    }

    /** The bytes with every occurrence of a text replaced by another of the same length. */
    private static byte[] replaced(byte[] bytes, String from, String to) {
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        assertTrue(text.contains(from), "the object does not contain " + from);
        return text.replace(from, to).getBytes(StandardCharsets.ISO_8859_1);
    }
}
