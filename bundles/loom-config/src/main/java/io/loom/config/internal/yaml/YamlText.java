package io.loom.config.internal.yaml;

import io.loom.config.internal.Code;
import io.loom.config.internal.Findings;
import io.loom.config.internal.Place;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.composer.Composer;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.ReaderException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.parser.Parser;
import org.snakeyaml.engine.v2.parser.ParserImpl;

/** Bytes to the root node of one YAML document, within limits that keep a hostile file from costing memory or time. */
public final class YamlText {
    /** 2 MiB: as many backends as there can be, a line each. */
    public static final int MAX_BYTES = 2 << 20;
    /** The deepest section of the schema is at 8; the composer recurses, so depth is bounded before it runs. */
    static final int MAX_DEPTH = 32;
    static final int MAX_ALIASES = 50;
    /** Keys, values, beginnings and ends: 32,000 backends have eight each. One takes some 400 bytes of a heap of 256 MiB. */
    static final int MAX_EVENTS = 300_000;
    /** Blanks that are all there is in a line, or before a comment. */
    private static final Pattern IDLE_TABS = Pattern.compile("(?m)^ *\\t[ \\t]*(?=#|$)");
    private static final char BYTE_ORDER_MARK = '\uFEFF';

    private final String file;
    private final Findings findings;

    public YamlText(String file, Findings findings) {
        this.file = file;
        this.findings = findings;
    }

    /** The root node; empty if something was reported or the file is empty (also reported). */
    public Optional<Node> compose(byte[] bytes) {
        if (bytes.length > MAX_BYTES) {
            report(Code.TOO_LARGE, start(), "the file has more than " + MAX_BYTES + " bytes", "is it the right file?");
            return Optional.empty();
        }
        return decode(bytes).flatMap(this::compose);
    }

    private Optional<String> decode(byte[] bytes) {
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        ByteBuffer in = ByteBuffer.wrap(bytes);
        CharBuffer out = CharBuffer.allocate(bytes.length + 1);
        CoderResult result = decoder.decode(in, out, true);
        String text = out.flip().toString();
        if (result.isError()) {
            report(Code.NOT_UTF8, placeAfter(text), "byte " + in.position() + " of the file is not UTF-8 text",
                    "save the file as UTF-8");
            return Optional.empty();
        }
        return Optional.of(text.isEmpty() || text.charAt(0) != BYTE_ORDER_MARK ? text : text.substring(1));
    }

    private static Parser parser(String text, LoadSettings settings) {
        return new ParserImpl(settings, new TabScanner(settings, text));
    }

    /** The engine takes no tab in a line without content, where YAML does: spaces say the same there. */
    private static String withoutIdleTabs(String text) {
        return text.indexOf('\t') < 0 ? text
                : IDLE_TABS.matcher(text).replaceAll(line -> Matcher.quoteReplacement(line.group().replace('\t', ' ')));
    }

    private Optional<Node> compose(String original) {
        String text = withoutIdleTabs(original);
        LoadSettings settings = LoadSettings.builder().setLabel(file).setUseMarks(true)
                .setMaxAliasesForCollections(MAX_ALIASES).setCodePointLimit(MAX_BYTES).build();
        try {
            if (!simple(text, settings)) {
                return Optional.empty();
            }
            Optional<Node> root = new Composer(settings, parser(text, settings)).getSingleNode();
            if (root.isEmpty()) {
                report(Code.EMPTY, start(), "the file holds no configuration", "begin with the shipped etc/loom.yaml");
            }
            return root;
        } catch (MarkedYamlEngineException syntax) {
            reportSyntax(syntax);
        } catch (ReaderException character) {
            report(Code.SYNTAX, placeAfter(text.substring(0, Math.min(text.length(), character.getPosition()))),
                    String.format("the character U+%04X may not stand in a YAML file", character.getCodePoint()), "remove it");
        } catch (YamlEngineException limit) {
            report(Code.TOO_COMPLEX, start(), firstLine(limit.getMessage()), "write the values out");
        }
        return Optional.empty();
    }

    private boolean simple(String text, LoadSettings settings) {
        int depth = 0;
        int count = 0;
        for (Parser events = parser(text, settings); events.hasNext();) {
            Event event = events.next();
            switch (event.getEventId()) {
                case MappingStart, SequenceStart -> depth++;
                case MappingEnd, SequenceEnd -> depth--;
                default -> { }
            }
            if (depth > MAX_DEPTH) {
                report(Code.TOO_COMPLEX, event.getStartMark().map(this::place).orElseGet(this::start),
                        "more than " + MAX_DEPTH + " levels of nesting", "no section is nested that deep");
                return false;
            }
            if (++count > MAX_EVENTS) {
                report(Code.TOO_COMPLEX, event.getStartMark().map(this::place).orElseGet(this::start),
                        "more than " + MAX_EVENTS + " keys and values", "no configuration has as many; is it the right file?");
                return false;
            }
        }
        return true;
    }

    private void reportSyntax(MarkedYamlEngineException syntax) {
        Place place = syntax.getProblemMark().or(syntax::getContextMark).map(this::place).orElseGet(this::start);
        String context = syntax.getContext() == null ? "" : firstLine(syntax.getContext()) + ", ";
        String problem = syntax.getProblem() == null ? "syntax error" : firstLine(syntax.getProblem());
        String fix = problem.contains("'\\t") || problem.contains("TAB") ? "indent with spaces, not tabs"
                : problem.contains("but found another document") ? "keep one document, without ---"
                : "check indentation, quotes and colons there and in the line above";
        findings.error(Code.SYNTAX, place, "cannot read YAML", context + problem, fix);
    }

    private void report(Code code, Place place, String what, String fix) {
        findings.error(code, place, what, "", fix);
    }

    Place place(Mark mark) {
        return new Place(file, mark.getLine() + 1, mark.getColumn() + 1);
    }

    private Place start() {
        return new Place(file, 1, 1);
    }

    private Place placeAfter(String text) {
        int line = 1 + (int) text.chars().filter(character -> character == '\n').count();
        int lineStart = text.lastIndexOf('\n') + 1;
        return new Place(file, line, text.codePointCount(lineStart, text.length()) + 1);
    }

    private static String firstLine(String message) {
        return message.lines().findFirst().orElse("");
    }
}
