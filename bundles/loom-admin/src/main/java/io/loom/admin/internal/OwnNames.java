package io.loom.admin.internal;

import io.loom.api.IpAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What this host is called: its host name, with and without its domain, and the names that {@code /etc/hosts} and reverse DNS
 * have for its addresses. A name is never looked up because somebody asked by it: whoever rebinds a name of his to this host
 * decides what that would say, but not what this host's addresses are called.
 *
 * <p>Names are looked up on a thread of their own, since DNS may be slow or silent, and again when a name is asked for that is
 * not known, at most each ten seconds.
 */
final class OwnNames implements Predicate<String> {
    private static final Logger LOG = LoggerFactory.getLogger(OwnNames.class);
    private static final long STALE_NANOS = 10_000_000_000L;
    private static final int MAX_HOSTS_BYTES = 1 << 20;

    private final NameSources sources;
    private final LongSupplier clock;
    private volatile Set<String> names = Set.of();
    private boolean running;
    private long lookedUp;

    /** Begins to look. */
    OwnNames() {
        this(new NameSources.OfHost(), System::nanoTime);
    }

    /** @param clock nanoseconds */
    OwnNames(NameSources sources, LongSupplier clock) {
        this.sources = sources;
        this.clock = clock;
        lookedUp = clock.getAsLong();
        look();
    }

    /** @param name in small letters */
    @Override
    public boolean test(String name) {
        String plain = name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
        boolean known = names.contains(plain);
        if (!known) {
            lookAgain();
        }
        return known;
    }

    private synchronized void lookAgain() {
        if (!running && clock.getAsLong() - lookedUp > STALE_NANOS) {
            lookedUp = clock.getAsLong();
            look();
        }
    }

    private synchronized void look() {
        running = true;
        Thread thread = new Thread(() -> {
            try {
                names = current();
            } finally {
                synchronized (this) {
                    running = false;
                }
            }
        }, "loom-own-names");
        thread.setDaemon(true);
        thread.start();
    }

    /** What needs no DNS is known at once; the rest when it has answered. */
    private Set<String> current() {
        Set<String> found = new HashSet<>();
        Set<InetAddress> addresses = Set.of();
        try {
            add(found, sources.hostName());
            addresses = sources.addresses();
            found.addAll(hostsFile(sources.hosts(), addresses));
        } catch (IOException unknown) {
            LOG.info("not all names of this host can be told: {}; admin.rest.names can name them", unknown.toString());
        }
        names = union(names, found);
        try {
            add(found, sources.canonical());
        } catch (UnknownHostException notInDns) {
            LOG.debug("this host's own name has no address: {}", notInDns.toString());
        }
        addresses.stream().filter(address -> !address.isLoopbackAddress() && !address.isLinkLocalAddress())
                .forEach(address -> add(found, sources.nameOf(address)));
        return Set.copyOf(found);
    }

    private static Set<String> union(Set<String> some, Set<String> more) {
        Set<String> all = new HashSet<>(some);
        all.addAll(more);
        return Set.copyOf(all);
    }

    /** An address that has no name comes back as an address. */
    private static void add(Set<String> found, String name) {
        if (!name.isEmpty() && IpAddress.parse(name).isEmpty()) {
            found.add(name.toLowerCase(Locale.ROOT));
        }
    }

    /** Names of these addresses in the format of hosts(5). */
    static Set<String> hostsFile(byte[] bytes, Set<InetAddress> own) {
        String text = new String(bytes, 0, Math.min(bytes.length, MAX_HOSTS_BYTES), StandardCharsets.ISO_8859_1);
        Set<String> found = new HashSet<>();
        for (String line : text.split("\n")) {
            List<String> words = List.of(line.replaceFirst("#.*", "").strip().split("\\s+"));
            boolean ours = IpAddress.parse(words.get(0)).filter(address -> address.isLoopbackAddress() || own.contains(address)).isPresent();
            if (ours) {
                words.stream().skip(1).forEach(name -> add(found, name));
            }
        }
        return found;
    }
}
