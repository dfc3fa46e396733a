package io.loom.libbpf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.loom.api.LoomException;
import io.loom.libbpf.Btf.Member;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class BtfTest {
    private final Btf btf = TestObjects.host().btf();

    @Test
    void structsHaveTheLayoutThatTheCompilerGaveThem() {
        Btf.Struct sample = btf.struct("sample").orElseThrow();
        assertEquals(40, sample.size());
        assertEquals(List.of(new Member("wide", 0, 8), new Member("bytes", 8, 6), new Member("pad", 14, 2),
                new Member("nested", 16, 16), new Member("", 32, 4)), sample.members());
        assertEquals(new Btf.Struct("nested", 8, List.of(new Member("first", 0, 2), new Member("second", 2, 6))),
                btf.struct("nested").orElseThrow());
    }

    @Test
    void anUnknownStructIsEmpty() {
        assertEquals(Optional.empty(), btf.struct("sampl"));
    }

    @Test
    void constantsOfALinkedObjectHaveTheirSectionAndSize() {
        List<Btf.Variable> constants = ElfObject.parse(TestObjects.composed()).btf().variables().stream()
                .filter(variable -> variable.section().equals(".rodata")).toList();
        assertEquals(List.of("factor_slot00", "factor_slot01", "host_base", "host_flag"),
                constants.stream().map(Btf.Variable::name).sorted().toList());
        assertEquals(4, constants.stream().map(Btf.Variable::offset).distinct().count());
    }

    @Test
    void garbageIsRefusedWithAProblem() {
        assertEquals("LOOM-1007", assertThrows(LoomException.class, () -> Btf.parse(new byte[40])).code());
        assertEquals("LOOM-1007", assertThrows(LoomException.class, () -> Btf.parse(new byte[3])).code());
    }
}
