package io.loom.config.internal.model;

import io.loom.api.Family;
import io.loom.api.IpAddress;
import io.loom.api.Prefix;
import io.loom.api.config.Acl;
import io.loom.config.internal.Code;
import io.loom.config.internal.Findings;
import io.loom.config.internal.Place;
import io.loom.config.internal.schema.Network;
import io.loom.config.internal.schema.ScalarType;
import io.loom.config.internal.yaml.Located;
import io.loom.config.internal.yaml.Section;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** From which sources connections may begin: networks in the file, and in a list that it names. */
final class AclReader {
    /** Entries of loom_acl4/6. */
    private static final int MOST = 1_000_000;
    /** A million networks fit. */
    private static final int MAX_BYTES = 64 * 1024 * 1024;
    private static final String DENY = "deny";
    private static final List<String> ACTIONS = List.of("allow", DENY);
    private static final Network NETWORK = new Network(0, 32, 0, 128);
    /** Beyond these nobody reads them. */
    private static final int PROBLEMS_SHOWN = 20;

    private final Findings findings;
    private final NamedFiles files;
    private final Map<Prefix, Boolean> rules = new HashMap<>();
    private final Map<Prefix, Place> places = new HashMap<>();

    AclReader(Findings findings, NamedFiles files) {
        this.findings = findings;
        this.files = files;
    }

    Acl read(Optional<Section> enabled) {
        if (enabled.isEmpty()) {
            return Acl.NONE;
        }
        Section acl = enabled.get();
        for (String action : ACTIONS) {
            acl.scalars(action, Prefix.class).forEach(network -> add(network.value(), action.equals(DENY), network.place()));
        }
        acl.scalar("file", String.class).ifPresent(this::list);
        if (rules.size() > MOST) {
            findings.error(Code.TOO_MANY, acl.place(), rules.size() + " networks", "there is room for " + MOST, "give fewer");
        }
        if (acl.word("default", "allow").equals(DENY)) {
            for (Family family : Family.values()) {
                rules.putIfAbsent(all(family), true);
            }
        }
        return new Acl(rules);
    }

    private static Prefix all(Family family) {
        String address = family == Family.IPV4 ? "0.0.0.0" : "::";
        return Prefix.around(IpAddress.parse(address).orElseThrow(), 0);
    }

    private void add(Prefix prefix, boolean deny, Place place) {
        Boolean before = rules.putIfAbsent(prefix, deny);
        Place first = places.putIfAbsent(prefix, place);
        if (before != null && before != deny) {
            findings.error(Code.CONTRADICTION, place, prefix + " is " + (deny ? "denied" : "allowed"),
                    "at " + first + " it is " + (deny ? "allowed" : "denied"), "keep one of them");
        }
    }

    private void list(Located<String> path) {
        byte[] bytes;
        try {
            bytes = files.read(Path.of(path.value()), MAX_BYTES);
        } catch (IOException unreadable) {
            findings.error(Code.BAD_LIST, path.place(), "cannot read the list " + path.value(), NamedFiles.why(unreadable),
                    "name a readable text file");
            return;
        }
        if (bytes.length > MAX_BYTES) {
            findings.error(Code.TOO_LARGE, path.place(), "the list " + path.value() + " is too large",
                    "it has more than " + MAX_BYTES + " bytes", "give fewer networks");
            return;
        }
        int number = 0;
        int bad = 0;
        for (String line : new String(bytes, StandardCharsets.UTF_8).split("\n")) {
            String text = line.replaceFirst("#.*", "").strip();
            Place place = new Place(path.value(), ++number, 1);
            if (!text.isEmpty() && !line(text, place) && ++bad == PROBLEMS_SHOWN) {
                return;
            }
        }
    }

    /** False if it says nothing that can be understood. */
    private boolean line(String text, Place place) {
        String[] words = text.split("\\s+");
        Optional<Prefix> network = words.length == 2 && ACTIONS.contains(words[0]) ? network(words[1]) : Optional.empty();
        network.ifPresent(prefix -> add(prefix, words[0].equals(DENY), place));
        if (network.isEmpty()) {
            findings.error(Code.BAD_LIST, place, ScalarType.shown(text) + " is no rule", "",
                    "write allow or deny and a network without bits after its prefix, such as: deny 192.0.2.0/24");
        }
        return network.isPresent();
    }

    /** An address alone is the network of that one. */
    private static Optional<Prefix> network(String text) {
        if (!text.contains("/")) {
            return IpAddress.parse(text).map(address -> Prefix.around(address, bits(address)));
        }
        return NETWORK.parse(text, true) instanceof ScalarType.Good good ? Optional.of((Prefix) good.value()) : Optional.empty();
    }

    private static int bits(InetAddress address) {
        return address.getAddress().length * Byte.SIZE;
    }
}
