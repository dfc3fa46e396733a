package io.loom.config.internal.schema;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** Finds the word that somebody probably meant. */
public final class Spelling {
    /** No word of the file is longer than this; longer input is not a slip of the fingers. */
    private static final int LONGEST = 64;

    private Spelling() {}

    /** The nearest of the words, if near enough: a third of its length, at most three edits. */
    public static Optional<String> closest(String written, Collection<String> words) {
        if (written.length() > LONGEST) {
            return Optional.empty();
        }
        String folded = fold(written);
        return words.stream()
                .filter(word -> distance(folded, fold(word)) <= Math.min(3, Math.max(1, word.length() / 3)))
                .min(Comparator.comparingInt(word -> distance(folded, fold(word))));
    }

    /** {@code max-entries} and {@code maxEntries} are the same word to a person. */
    private static String fold(String word) {
        return word.toLowerCase(Locale.ROOT).replace("-", "").replace("_", "");
    }

    /** Edits between two words: insert, delete, replace, swap of neighbours (optimal string alignment). */
    static int distance(String left, String right) {
        int[][] edits = new int[left.length() + 1][right.length() + 1];
        for (int i = 0; i <= left.length(); i++) {
            for (int j = 0; j <= right.length(); j++) {
                if (i == 0 || j == 0) {
                    edits[i][j] = i + j;
                    continue;
                }
                boolean same = left.charAt(i - 1) == right.charAt(j - 1);
                int best = Math.min(edits[i - 1][j], edits[i][j - 1]) + 1;
                best = Math.min(best, edits[i - 1][j - 1] + (same ? 0 : 1));
                if (i > 1 && j > 1 && left.charAt(i - 1) == right.charAt(j - 2) && left.charAt(i - 2) == right.charAt(j - 1)) {
                    best = Math.min(best, edits[i - 2][j - 2] + 1);
                }
                edits[i][j] = best;
            }
        }
        return edits[left.length()][right.length()];
    }
}
