package io.loom.shell.command;

import io.loom.api.Endpoint;
import io.loom.api.IpAddress;
import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.api.control.NewBackend;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Reads what people typed and collects every problem, so that they see all of them at once. */
final class Arguments {
    private static final int MAX_PORT = 65535;

    private final List<Problem> problems = new ArrayList<>();

    /** @throws LoomException with every problem */
    static NewBackend backend(String address, String port, String weight) {
        Arguments arguments = new Arguments();
        Optional<InetAddress> parsed = arguments.address(address);
        long portNumber = arguments.number("PORT", port, 1, MAX_PORT, 1);
        int weightNumber = (int) arguments.weightNumber(weight);
        parsed.ifPresent(ip -> arguments.problems.addAll(
                new NewBackend(new Endpoint(ip, (int) portNumber), weightNumber).problems()));
        arguments.finish();
        return new NewBackend(new Endpoint(parsed.orElseThrow(), (int) portNumber), weightNumber);
    }

    /** @throws LoomException if it is no weight */
    static int weight(String text) {
        Arguments arguments = new Arguments();
        int weight = (int) arguments.weightNumber(text);
        arguments.finish();
        return weight;
    }

    /** @throws LoomException if it is no id */
    static int id(String text) {
        Arguments arguments = new Arguments();
        int id = (int) arguments.number("ID", text, 1, Integer.MAX_VALUE, 1);
        arguments.finish();
        return id;
    }

    /**
     * Options behind the arguments, where people expect them to work and Karaf takes them for arguments.
     *
     * @throws LoomException if one is not among the known or has no value
     */
    static Map<String, String> trailing(List<String> words, Set<String> known) {
        Arguments arguments = new Arguments();
        Map<String, String> options = new HashMap<>();
        Iterator<String> rest = words.iterator();
        while (rest.hasNext()) {
            String[] word = rest.next().split("=", 2);
            if (!known.contains(word[0])) {
                arguments.problems.add(new Problem("LOOM-3414", word[0], "unexpected word", "",
                        "after the arguments only " + String.join(", ", new TreeSet<>(known)) + " may follow"));
            } else if (word.length == 2 || rest.hasNext()) {
                options.put(word[0], word.length == 2 ? word[1] : rest.next());
            } else {
                arguments.problems.add(new Problem("LOOM-3411", word[0], "the value is missing", "", "write it behind"));
            }
        }
        arguments.finish();
        return options;
    }

    private Optional<InetAddress> address(String text) {
        Optional<InetAddress> address = IpAddress.parse(text);
        if (address.isEmpty()) {
            problems.add(new Problem("LOOM-3417", "ADDRESS", "\"" + text + "\" is no IP address", "names are not looked up",
                    "give an address such as 10.0.1.12 or 2001:db8::12"));
        }
        return address;
    }

    private long weightNumber(String text) {
        return number("WEIGHT", text, 0, NewBackend.MAX_WEIGHT, NewBackend.DEFAULT_WEIGHT);
    }

    private long number(String name, String text, long low, long high, long otherwise) {
        String range = "give a number from " + low + " to " + high;
        if (!text.matches("-?\\d{1,18}")) {
            problems.add(new Problem("LOOM-3415", name, "\"" + text + "\" is no whole number", "", range));
            return otherwise;
        }
        long value = Long.parseLong(text);
        if (value < low || value > high) {
            problems.add(new Problem("LOOM-3416", name, text + " is out of range", "", range));
            return otherwise;
        }
        return value;
    }

    private void finish() {
        if (!problems.isEmpty()) {
            throw new LoomException(problems, null);
        }
    }
}
