package io.loom.config.internal.yaml;

import java.util.function.Supplier;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.ScannerException;
import org.snakeyaml.engine.v2.scanner.Scanner;
import org.snakeyaml.engine.v2.scanner.ScannerImpl;
import org.snakeyaml.engine.v2.scanner.StreamReader;
import org.snakeyaml.engine.v2.tokens.Token;

/**
 * The engine's scanner, which also takes tabs where YAML has them: between an indicator such as a colon and what follows it in
 * the line (YAML 1.2.2, 6.2). Indentation is of spaces only, and so is what stands before a section or list that begins in
 * the line of its dash. The engine stops at such a tab with nothing lost: it goes on after the blanks.
 */
final class TabScanner implements Scanner {
    private final StreamReader reader;
    private final Scanner inner;
    private final String text;
    /** The engine counts in code points; made when there is a tab. */
    private int[] points = {};
    /** The last tab that was passed over. */
    private ScannerException passed;

    TabScanner(LoadSettings settings, String text) {
        this.text = text;
        reader = new StreamReader(settings, text);
        inner = new ScannerImpl(settings, reader);
    }

    @Override
    public boolean checkToken(Token.ID... choices) {
        return overTabs(() -> inner.checkToken(choices));
    }

    @Override
    public Token peekToken() {
        return overTabs(inner::peekToken);
    }

    @Override
    public boolean hasNext() {
        return overTabs(inner::hasNext);
    }

    @Override
    public Token next() {
        Token token = overTabs(inner::next);
        if (passed != null && opensBlock(token) && follows(token, passed)) {
            throw passed;
        }
        return token;
    }

    @Override
    public void resetDocumentIndex() {
        inner.resetDocumentIndex();
    }

    private <T> T overTabs(Supplier<T> step) {
        while (true) {
            try {
                return step.get();
            } catch (ScannerException stopped) {
                if (reader.peek() != '\t' || !separates(stopped)) {
                    throw stopped;
                }
                passed = stopped;
                while (reader.peek() == '\t' || reader.peek() == ' ') {
                    reader.forward();
                }
            }
        }
    }

    /** True if the tab comes after something in its line. */
    private boolean separates(ScannerException tab) {
        if (points.length == 0) {
            points = text.codePoints().toArray();
        }
        int index = tab.getProblemMark().map(Mark::getIndex).orElse(0);
        for (int i = index - 1; i >= 0 && points[i] != '\n' && points[i] != '\r'; i--) {
            if (points[i] != ' ' && points[i] != '\t') {
                return true;
            }
        }
        return false;
    }

    private static boolean opensBlock(Token token) {
        return token.getTokenId() == Token.ID.BlockMappingStart || token.getTokenId() == Token.ID.BlockSequenceStart;
    }

    private static boolean follows(Token token, ScannerException tab) {
        Mark before = tab.getProblemMark().orElseThrow();
        return token.getStartMark().filter(mark ->
                mark.getLine() == before.getLine() && mark.getColumn() > before.getColumn()).isPresent();
    }
}
