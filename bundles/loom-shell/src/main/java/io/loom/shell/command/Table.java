package io.loom.shell.command;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/**
 * Columns aligned with spaces, two between them: easy to read and easy to cut. Columns that are empty in every row are left
 * out, so that the table fits one screen.
 */
final class Table {
    private static final String GAP = "  ";

    private final List<String> header;
    private final List<List<String>> rows = new ArrayList<>();

    Table(String... header) {
        this.header = List.of(header);
    }

    /** Numbers are aligned right. */
    Table row(Object... cells) {
        if (cells.length != header.size()) {
            throw new IllegalArgumentException("the columns are " + header);
        }
        List<String> row = new ArrayList<>();
        for (Object cell : cells) {
            row.add(cell instanceof Number number ? Numbers.grouped(number.longValue()) : cell.toString());
        }
        rows.add(row);
        return this;
    }

    void print(PrintStream out) {
        print(out, header);
        rows.forEach(row -> print(out, row));
    }

    private void print(PrintStream out, List<String> cells) {
        StringBuilder line = new StringBuilder();
        for (int column = 0; column < cells.size(); column++) {
            if (used(column)) {
                line.append(line.length() == 0 ? "" : GAP).append(aligned(column, cells.get(column)));
            }
        }
        out.println(line.toString().stripTrailing());
    }

    private String aligned(int column, String cell) {
        String padding = " ".repeat(width(column) - cell.length());
        return numeric(column) ? padding + cell : cell + padding;
    }

    private boolean used(int column) {
        return rows.isEmpty() || rows.stream().anyMatch(row -> !row.get(column).isEmpty());
    }

    private boolean numeric(int column) {
        return !rows.isEmpty() && rows.stream().allMatch(row -> Numbers.isGrouped(row.get(column)));
    }

    private int width(int column) {
        return Math.max(header.get(column).length(), rows.stream().mapToInt(row -> row.get(column).length()).max().orElse(0));
    }
}
