package io.loom.datapath.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;

class NumbersTest {
    private final Numbers numbers = new Numbers(1, 4);

    @Test
    void theLowestFreeNumberIsGivenUntilNoneIsLeft() {
        numbers.adopt(2);
        assertEquals(OptionalInt.of(1), numbers.take());
        assertEquals(OptionalInt.of(3), numbers.take());
        assertEquals(OptionalInt.empty(), numbers.take());
    }

    @Test
    void aNumberRestsUntilTwoSweepsSawNoReference() {
        int number = numbers.take().orElseThrow();
        numbers.rest(number);
        assertEquals(Set.of(), numbers.swept(numbers.resting(), Set.of()));
        assertEquals(OptionalInt.of(2), numbers.take());
        assertEquals(Set.of(1), numbers.swept(numbers.resting(), Set.of()));
        assertEquals(OptionalInt.of(1), numbers.take());
    }

    @Test
    void aReferenceBeginsTheRestAnew() {
        numbers.rest(numbers.take().orElseThrow());
        numbers.swept(numbers.resting(), Set.of());
        assertEquals(Set.of(), numbers.swept(numbers.resting(), Set.of(1)));
        assertEquals(Set.of(), numbers.swept(numbers.resting(), Set.of()));
        assertEquals(Set.of(1), numbers.swept(numbers.resting(), Set.of()));
    }

    @Test
    void aSweepThatBeganEarlierFreesNothing() {
        Set<Integer> before = numbers.resting();
        numbers.rest(numbers.take().orElseThrow());
        numbers.swept(before, Set.of());
        numbers.swept(before, Set.of());
        assertEquals(Set.of(1), numbers.resting());
    }

    @Test
    void aNumberThatIsTakenUpAgainIsNotFreed() {
        numbers.rest(numbers.take().orElseThrow());
        Set<Integer> before = numbers.resting();
        numbers.swept(before, Set.of());
        numbers.wake(1);
        assertEquals(Set.of(), numbers.swept(before, Set.of()));
        assertEquals(OptionalInt.of(2), numbers.take());
    }
}
