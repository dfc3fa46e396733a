package io.loom.api.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TableSizeTest {

    @ParameterizedTest
    @CsvSource({"0, 1021", "1, 1021", "10, 1021", "11, 1103", "100, 10007", "10000, 1000003"})
    void autoIsThePrimeAboveAHundredTimesTheBackends(int backends, int size) {
        assertEquals(size, TableSize.auto(backends));
    }

    @Test
    void aSizeThatTheFileGivesIsKept() {
        assertEquals(7, TableSize.of(7, 10_000, 20_000));
    }

    @ParameterizedTest
    @CsvSource({"100, 99, 10007", "100, 200, 10007", "100, 201, 20011", "0, 2, 1021", "0, 100, 6421"})
    void backendsThatAreAddedAtRunTimeChangeItOnlyWhenThereAreMoreThanTwiceAsMany(int inFile, int all, int size) {
        assertEquals(size, TableSize.of(TableSize.AUTO, inFile, all));
    }
}
