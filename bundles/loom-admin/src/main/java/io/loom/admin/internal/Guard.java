package io.loom.admin.internal;

import io.loom.api.IpAddress;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Keeps web pages out. A browser lets any page send requests to loopback: such a request carries the page's Origin, or,
 * after DNS rebinding, the page's name as Host. Programs such as curl send no Origin and a Host that they were given.
 *
 * <p>Names of this host are served ({@link OwnNames}, and those in {@code admin.rest.names}): a page cannot have them. The port
 * of Host is not looked at, so that a forwarded port works; a page of another local port is still refused, because its Origin
 * differs from the Host.
 */
final class Guard {
    private final InetAddress bound;
    private final Predicate<String> names;

    /** @param names by which this host may be asked, in small letters; any thread */
    Guard(InetSocketAddress bound, Predicate<String> names) {
        this.bound = bound.getAddress();
        this.names = names;
    }

    /** The refusal, or empty if the call may go on. */
    Optional<Answer> check(Call call) {
        String host = call.header("Host");
        if (!host.isEmpty() && !known(name(host))) {
            return Optional.of(foreign("Host", host, "use localhost, an address or a name of this host, or list the name in admin.rest.names"));
        }
        String origin = call.header("Origin");
        if (!origin.isEmpty() && !origin.equalsIgnoreCase("http://" + host)) {
            return Optional.of(foreign("Origin", origin, "send the request from a program, not from a web page"));
        }
        return Optional.empty();
    }

    private boolean known(String name) {
        return name.equals("localhost") || IpAddress.parse(name).map(this::reachable).orElseGet(() -> names.test(name));
    }

    /** Rebinding needs a name, so an address that reached a wildcard listener is as good as another. */
    private boolean reachable(InetAddress address) {
        return address.isLoopbackAddress() || address.equals(bound) || bound.isAnyLocalAddress() || isOwn(address);
    }

    private static boolean isOwn(InetAddress address) {
        try {
            return NetworkInterface.getByInetAddress(address) != null;
        } catch (SocketException unknown) {
            return false;
        }
    }

    private static String name(String host) {
        String lower = host.toLowerCase(Locale.ROOT);
        if (lower.startsWith("[")) {
            return lower.substring(1, Math.max(1, lower.indexOf(']')));
        }
        int colon = lower.indexOf(':');
        return colon < 0 ? lower : lower.substring(0, colon);
    }

    private static Answer foreign(String header, String value, String fix) {
        return Answer.refusal(Refusal.FOREIGN, header, "foreign " + header + " " + printable(value),
                "requests that other web sites cause are refused, and so are names that could be theirs", fix);
    }

    private static String printable(String value) {
        String clean = value.replaceAll("[^\\x21-\\x7e]", "?");
        return clean.length() > 100 ? clean.substring(0, 100) + "..." : clean;
    }
}
