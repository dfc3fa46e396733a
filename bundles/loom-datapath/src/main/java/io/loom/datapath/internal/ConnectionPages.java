package io.loom.datapath.internal;

import io.loom.api.Family;
import io.loom.api.control.Connections.State;
import io.loom.control.dataplane.TrackedConnections;
import io.loom.libbpf.BpfMap;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The connection tables as {@link TrackedConnections}: first that of IPv4, then that of IPv6. Thread-safe: it holds nothing. */
final class ConnectionPages implements TrackedConnections {
    private final Function<Family, BpfMap> tables;
    private final Supplier<ConnectionNames> names;
    private final Supplier<ConnectionAges> ages;

    /**
     * @param tables by family
     * @param names  as of now, as are the ages
     */
    ConnectionPages(Function<Family, BpfMap> tables, Supplier<ConnectionNames> names, Supplier<ConnectionAges> ages) {
        this.tables = tables;
        this.names = names;
        this.ages = ages;
    }

    /**
     * Where a page begins. Printed as {@code 4-17-5000}.
     *
     * @param map the kernel's number for the table, which another one never has
     */
    private record Cursor(Family family, long map, long place) {
        private static final Pattern FORM = Pattern.compile("([46])-(\\d{1,10})-(\\d{1,10})");

        static Optional<Cursor> parse(String text) {
            Matcher form = FORM.matcher(text);
            return form.matches()
                    ? Optional.of(new Cursor(form.group(1).equals("4") ? Family.IPV4 : Family.IPV6, Long.parseLong(form.group(2)),
                            Long.parseLong(form.group(3))))
                    : Optional.empty();
        }

        @Override
        public String toString() {
            return family.version() + "-" + map + "-" + place;
        }
    }

    private Cursor begin(Family family) {
        return new Cursor(family, tables.apply(family).id(), 0);
    }

    @Override
    public Optional<Page> page(Wanted wanted, String after, int limit) {
        return (after.isEmpty() ? Optional.of(begin(Family.IPV4)) : Cursor.parse(after))
                .filter(cursor -> cursor.map() == tables.apply(cursor.family()).id())
                .map(cursor -> page(wanted, cursor, limit));
    }

    private Page page(Wanted wanted, Cursor from, int limit) {
        ConnectionNames known = names.get();
        ConnectionAges now = ages.get();
        List<Tracked> found = new ArrayList<>();
        Optional<Cursor> next = read(wanted, from, limit, known, now,
                (listener, client, rawPort, word) -> found.add(known.connection(listener, client, rawPort, word, now)));
        return new Page(found, next.map(Cursor::toString).orElse(""));
    }

    @Override
    public Map<State, Long> count(Wanted wanted) {
        Map<State, Long> counts = new EnumMap<>(State.class);
        read(wanted, begin(Family.IPV4), Integer.MAX_VALUE, names.get(), ages.get(), (listener, client, rawPort, word) -> {
            counts.merge(ConnectionAges.state(word), 1L, Long::sum);
            return true;
        });
        return counts;
    }

    /** Returns where the rest begins, of whichever family; empty: the end has been reached. */
    private Optional<Cursor> read(
            Wanted wanted, Cursor from, int limit, ConnectionNames known, ConnectionAges now, ConnectionScan.Visitor taker) {
        int[] taken = {0};
        for (Family family : Arrays.asList(Family.values()).subList(from.family().ordinal(), Family.values().length)) {
            ConnectionFilter filter = new ConnectionFilter(family, wanted, known, now);
            Cursor begin = family == from.family() ? from : begin(family);
            OptionalLong rest = filter.isNone() ? OptionalLong.empty()
                    : new ConnectionScan(family, tables.apply(family)).read(begin.place(), Math.max(0, limit - taken[0]), filter::wants,
                            (listener, client, rawPort, word) -> {
                                taken[0]++;
                                return taker.visit(listener, client, rawPort, word);
                            });
            if (rest.isPresent()) {
                return Optional.of(new Cursor(family, begin.map(), rest.getAsLong()));
            }
        }
        return Optional.empty();
    }
}
