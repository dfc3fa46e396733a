package io.loom.datapath.internal.layout;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.datapath.Composer;
import io.loom.datapath.internal.AbiCheck;
import io.loom.libbpf.Btf;
import io.loom.libbpf.ElfObject;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every offset in Java against the types that the compiler wrote into the objects. */
class LayoutsTest {
    private static final List<Btf> OBJECTS = Stream.of("core_cache", "core_hash", "layouts")
            .map(name -> ElfObject.parse(Composer.object(name)).btf())
            .toList();

    static Stream<StructLayout> layouts() {
        return Stream.concat(Layouts.all().stream(), Stream.of(FibLookup.LAYOUT));
    }

    @ParameterizedTest
    @MethodSource("layouts")
    void offsetsAndSizesAreTheCompilers(StructLayout layout) {
        assertEquals(Optional.empty(), AbiCheck.difference(struct(layout.name()), layout));
    }

    @ParameterizedTest
    @MethodSource("layouts")
    void everyMemberIsListedOrPadding(StructLayout layout) {
        List<String> listed = layout.fields().stream().map(Field::name).toList();
        for (Btf.Member member : struct(layout.name()).members()) {
            assertTrue(
                    member.name().startsWith("pad") || listed.contains(member.name())
                            || layout == FibLookup.LAYOUT,
                    layout.name() + " lacks " + member);
        }
    }

    /** Instances of this ABI are adopted as long as this stays; another hash is another ABI, which wants an ADR. */
    @Test
    void theHashOfPinnedMapsIsThatOfTheirAbi() {
        assertEquals(5, Layouts.ABI_VERSION);
        assertEquals("d7f71acfeacdb94bbe900ebd2f31ebc47a3e1486d758c3db02b456aaa86bcda3", Layouts.hash());
    }

    private static Btf.Struct struct(String name) {
        return OBJECTS.stream().flatMap(btf -> btf.struct(name).stream()).findFirst()
                .orElseThrow(() -> new AssertionError("no object has struct " + name));
    }
}
