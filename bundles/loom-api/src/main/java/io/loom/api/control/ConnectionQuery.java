package io.loom.api.control;

import io.loom.api.IpAddress;
import io.loom.api.LoomException;
import io.loom.api.Prefix;
import io.loom.api.Problem;
import io.loom.api.control.Connections.Server;
import io.loom.api.control.Connections.State;
import io.loom.api.control.Connections.Wanted;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What a person wants to see of the connections, read from words: those of a query in REST, those of options in the shell.
 *
 * @param limit of connections; empty: as is usual there
 * @param after {@link Connections.Page#next}; empty: from the beginning
 * @param count only how many there are
 */
public record ConnectionQuery(Wanted wanted, OptionalInt limit, String after, boolean count) {
    /** The words, without what stands before them. */
    public static final List<String> WORDS = List.of(
            "vip", "upstream", "backend", "client", "state", "idle", "seen", "limit", "after", "count");

    private static final Pattern SPAN = Pattern.compile("(\\d{1,9})(s|m|h)?");
    private static final Pattern NUMBER = Pattern.compile("\\d{1,9}");
    private static final Pattern NETWORK = Pattern.compile("([^/]+)/(\\d{1,3})");
    private static final Pattern WITH_PORT = Pattern.compile("(?:\\[([^]]+)]|([^:]+)):(\\d{1,5})");

    /**
     * @param words    by {@link #WORDS}
     * @param mark     stands before words in problems
     * @param maxLimit the largest limit
     * @throws LoomException with all that is wrong with them
     */
    public static ConnectionQuery parse(Map<String, String> words, String mark, int maxLimit, LoomControl control) {
        Parser parser = new Parser(words, mark);
        Optional<String> vip = parser.known("vip", control.vips().stream().map(VipView::name).toList());
        Optional<String> upstream = parser.known("upstream", control.upstreams());
        Optional<BackendView> view = parser.id(control.backends(), upstream);
        Optional<String> backend = view.map(known -> known.endpoint().toString()).or(() -> parser.endpoint("backend"));
        Client client = parser.client();
        Wanted wanted = new Wanted(
                vip, view.map(BackendView::upstream).or(() -> upstream), backend, client.network(), client.port(), parser.state(),
                parser.span("idle"), parser.span("seen"));
        ConnectionQuery query = new ConnectionQuery(
                wanted, parser.limit(maxLimit), words.getOrDefault("after", ""), parser.count());
        parser.finish();
        return query;
    }

    /** That a page cannot be had, because there is no such place. */
    public static LoomException noPlace(String after, String mark) {
        return new LoomException(new Problem("LOOM-3416", mark + "after", Problem.quoted(after) + " is no place in the connection tables",
                "it is none of a page's next, or the tables have been replaced since", "begin anew without it"));
    }

    private record Client(Optional<Prefix> network, OptionalInt port) {}

    /** Collects problems. */
    private record Parser(Map<String, String> words, String mark, List<Problem> problems) {
        Parser(Map<String, String> words, String mark) {
            this(words, mark, new ArrayList<>());
        }

        private Optional<String> word(String name) {
            return Optional.ofNullable(words.get(name));
        }

        private void add(String code, String name, String what, String why, String fix) {
            problems.add(new Problem(code, mark + name, what, why, fix));
        }

        Optional<String> known(String name, List<String> known) {
            Optional<String> word = word(name);
            word.filter(one -> !known.contains(one)).ifPresent(one -> add("LOOM-3420", name, "there is no " + name + " " + Problem.quoted(one), "",
                    known.isEmpty() ? "leave it out" : "use one of " + String.join(", ", known)));
            return word;
        }

        /** A backend's number. Of a backend that is no more it is gone too. */
        Optional<BackendView> id(List<BackendView> backends, Optional<String> upstream) {
            Optional<String> word = word("backend").filter(one -> NUMBER.matcher(one).matches());
            Optional<BackendView> found = word.flatMap(one -> backends.stream()
                    .filter(backend -> backend.id() == Integer.parseInt(one)).findFirst());
            if (word.isPresent() && found.isEmpty()) {
                add("LOOM-3420", "backend", "there is no backend " + word.get(), "",
                        "/ebpf/backends and loom:backend-list list them; one that has been removed is named by its address and port");
            }
            found.filter(backend -> upstream.isPresent() && !backend.upstream().equals(upstream.get())).ifPresent(backend ->
                    add("LOOM-3420", "backend", "backend " + backend.id() + " is none of upstream " + Problem.quoted(upstream.orElse("")),
                            "it is in " + backend.upstream(), "leave the upstream out"));
            return found;
        }

        /** In the form that an endpoint is printed in. */
        Optional<String> endpoint(String name) {
            Optional<String> word = word(name).filter(one -> !NUMBER.matcher(one).matches());
            if (word.isEmpty() || word.get().equals(Server.LOCAL)) {
                return word;
            }
            Matcher matcher = WITH_PORT.matcher(word.get());
            Optional<InetAddress> address = matcher.matches() ? address(matcher) : Optional.empty();
            if (address.isEmpty() || port(matcher) < 1 || port(matcher) > 65535) {
                add("LOOM-3415", name, Problem.quoted(word.get()) + " is no backend", "",
                        "give its number, its address and port such as 10.0.1.10:8080 or [2001:db8::1]:80, or " + Server.LOCAL);
                return Optional.empty();
            }
            return address.map(known -> new io.loom.api.Endpoint(known, port(matcher)).toString());
        }

        private static Optional<InetAddress> address(Matcher withPort) {
            return IpAddress.parse(withPort.group(1) == null ? withPort.group(2) : withPort.group(1));
        }

        private static int port(Matcher withPort) {
            return Integer.parseInt(withPort.group(3));
        }

        /** An address, a network, or an address with a port. */
        Client client() {
            Optional<String> word = word("client");
            if (word.isEmpty()) {
                return new Client(Optional.empty(), OptionalInt.empty());
            }
            Matcher network = NETWORK.matcher(word.get());
            Matcher withPort = WITH_PORT.matcher(word.get());
            if (network.matches()) {
                Optional<Prefix> prefix = IpAddress.parse(network.group(1)).map(address -> Prefix.around(
                        address, Math.min(Integer.parseInt(network.group(2)), bits(address)))).filter(one -> one.length() == Integer.parseInt(network.group(2)));
                return client(word.get(), prefix, OptionalInt.empty());
            }
            if (withPort.matches() && IpAddress.parse(word.get()).isEmpty()) {
                return client(word.get(), address(withPort).filter(address -> port(withPort) <= 65535)
                        .map(address -> Prefix.around(address, bits(address))), OptionalInt.of(port(withPort)));
            }
            return client(word.get(), IpAddress.parse(word.get()).map(address -> Prefix.around(address, bits(address))), OptionalInt.empty());
        }

        private Client client(String word, Optional<Prefix> network, OptionalInt port) {
            if (network.isEmpty()) {
                add("LOOM-3415", "client", Problem.quoted(word) + " is no client", "names are not looked up",
                        "give an address, with its port or without, or a network: 10.0.0.1, 10.0.0.1:40000, [2001:db8::1]:40000, 10.0.0.0/24");
            }
            return new Client(network, port);
        }

        private static int bits(InetAddress address) {
            return address.getAddress().length * Byte.SIZE;
        }

        Optional<State> state() {
            Optional<String> word = word("state");
            Optional<State> state = word.flatMap(one -> Arrays.stream(State.values()).filter(known -> known.toString().equals(one)).findFirst());
            if (word.isPresent() && state.isEmpty()) {
                add("LOOM-3420", "state", "there is no state " + Problem.quoted(word.get()), "",
                        "use one of " + Arrays.stream(State.values()).map(State::toString).collect(Collectors.joining(", ")));
            }
            return state;
        }

        /** A bare number is of seconds. */
        Optional<Duration> span(String name) {
            Optional<Matcher> matcher = word(name).map(SPAN::matcher).filter(Matcher::matches);
            if (word(name).isPresent() && matcher.isEmpty()) {
                add("LOOM-3415", name, Problem.quoted(word(name).get()) + " is no duration", "", "give one such as 30s, 5m or 2h");
            }
            return matcher.map(span -> {
                long number = Long.parseLong(span.group(1));
                return switch (span.group(2) == null ? "s" : span.group(2)) {
                    case "m" -> Duration.ofMinutes(number);
                    case "h" -> Duration.ofHours(number);
                    default -> Duration.ofSeconds(number);
                };
            });
        }

        OptionalInt limit(int most) {
            Optional<String> word = word("limit");
            if (word.isEmpty()) {
                return OptionalInt.empty();
            }
            boolean number = NUMBER.matcher(word.get()).matches();
            int limit = number ? Integer.parseInt(word.get()) : 0;
            if (limit < 1 || limit > most) {
                add(number ? "LOOM-3416" : "LOOM-3415", "limit", Problem.quoted(word.get()) + (number ? " is out of range" : " is no number"), "",
                        "give 1 to " + most);
            }
            return OptionalInt.of(limit);
        }

        boolean count() {
            Optional<String> word = word("count");
            if (word.isPresent() && !List.of("true", "false").contains(word.get())) {
                add("LOOM-3415", "count", Problem.quoted(word.get()) + " is neither true nor false", "", "give true, or leave it out");
            }
            boolean counts = word.filter("true"::equals).isPresent();
            if (counts && (words.containsKey("limit") || words.containsKey("after"))) {
                add("LOOM-3400", "count", "pages are not counted", "all connections that the other words choose are",
                        "leave " + mark + "limit and " + mark + "after out");
            }
            return counts;
        }

        void finish() {
            if (!problems.isEmpty()) {
                throw new LoomException(problems, null);
            }
        }
    }
}
