package io.loom.config.internal.schema;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.loom.config.internal.schema.ScalarType.Bad;
import io.loom.config.internal.schema.ScalarType.Good;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ScalarTypesTest {

    @ParameterizedTest
    @CsvSource({"500ms, 500", "300s, 300000", "5m, 300000", "1h, 3600000", "168h, 604800000"})
    void durationsHaveUnits(String text, long millis) {
        assertEquals(new Good(Duration.ofMillis(millis)), new TimeSpan(Duration.ofMillis(1), Duration.ofHours(168)).parse(text, true));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "300", "1.5s", "5 m", "1d", "1h30m", "-1s", "s", "99999999999999999999s", "\u0661s"})
    void otherFormsAreNoDurations(String text) {
        assertInstanceOf(Bad.class, new TimeSpan(Duration.ZERO, Duration.ofHours(168)).parse(text, true));
    }

    @ParameterizedTest
    @CsvSource({"0, 2", "8, 11", "65536, 65537", "65537, 65537", "1000000, 1000003", "999983, 999983"})
    void theNextPrimeIsFound(int number, int prime) {
        assertEquals(prime, Prime.next(number));
    }

    @Test
    void theBoundsOfTheTableSizeArePrimes() {
        assertEquals(new Good(1_000_003), Schema.TABLE_SIZE.parse("" + 1_000_003, true));
        assertEquals(new Good(2), Schema.TABLE_SIZE.parse("" + 2, true));
    }

    @ParameterizedTest
    @ValueSource(strings = {".", "..", "a/b", "a b", "eth0:1", "sixteen-letters-", ""})
    void theseAreNoNamesOfInterfaces(String text) {
        assertInstanceOf(Bad.class, Word.DEVICE.parse(text, true));
    }

    @ParameterizedTest
    @ValueSource(strings = {"eth0", "ens1f0np0", "br-lan.100", "0", "veth@x"})
    void theseAreNamesOfInterfaces(String text) {
        assertEquals(new Good(text), Word.DEVICE.parse(text, true));
    }

    @ParameterizedTest
    @CsvSource({"1, 1ms", "1000, 1s", "1500, 1500ms", "60000, 1m", "90000, 90s", "3600000, 1h", "5400000, 90m", "86400000, 24h"})
    void durationsAreWrittenInTheirLargestUnit(long millis, String text) {
        assertEquals(text, TimeSpan.format(Duration.ofMillis(millis)));
    }

    @ParameterizedTest
    @CsvSource({"1s, true", "1h, true", "999ms, false", "3601s, false", "0s, false"})
    void bothBoundsOfADurationAreGood(String text, boolean good) {
        assertEquals(good, new TimeSpan(Duration.ofSeconds(1), Duration.ofHours(1)).parse(text, true) instanceof Good);
    }

    @Test
    void aDurationThatIsNoneSaysHowToWriteOne() {
        TimeSpan span = new TimeSpan(Duration.ofSeconds(1), Duration.ofHours(1));
        assertEquals("the number 300 has no unit, write for example 300s", said(span.parse("300", true)));
        assertEquals("the number 7200 has no unit, write for example 7200ms", said(span.parse("7200", true)));
        assertEquals("the number 2000 has no unit, write for example 2000ms or 2000s", said(span.parse("2000", true)));
        assertEquals("the number 0 has no unit, give a duration from 1s to 1h", said(span.parse("0", true)));
        assertEquals("2h is out of range, give a duration from 1s to 1h", said(span.parse("2h", true)));
        assertEquals("\"1000000000\" is not a duration, write a whole number with ms, s, m or h, such as 300s", said(span.parse("1000000000", true)));
    }

    private static String said(ScalarType.Parsed parsed) {
        Bad bad = (Bad) parsed;
        return bad.why() + ", " + bad.fix();
    }

    @Test
    void ofAHugeNumberTheBeginIsShown() {
        WholeNumber number = new WholeNumber(1, 10);
        assertEquals("9".repeat(20) + " is out of range, give " + number.describe(), said(number.parse("9".repeat(20), true)));
        assertEquals("9".repeat(20) + "... is out of range, give " + number.describe(), said(number.parse("9".repeat(21), true)));
        assertEquals(new Good(10), number.parse("10", true));
        assertInstanceOf(Bad.class, number.parse("11", true));
    }
}
