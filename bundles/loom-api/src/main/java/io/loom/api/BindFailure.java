package io.loom.api;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;

/**
 * Why a server cannot listen where the file wants it. Java has one exception for all reasons, and the host's words for them may be in
 * any language, so whether it is the address is found by trying another port of it.
 *
 * @param why for {@link Problem#why}
 * @param fix for {@link Problem#fix}
 */
public record BindFailure(String why, String fix) {
    private static final int FIRST_FOR_ALL = 1024;

    /**
     * @param failure what the attempt ended with; causes are looked through
     * @param section of the configuration file that names the address
     */
    public static BindFailure of(InetSocketAddress wanted, Throwable failure, String section) {
        Throwable cause = failure;
        while (cause.getCause() != null && !(cause instanceof BindException)) {
            cause = cause.getCause();
        }
        String why = cause instanceof IOException && cause.getMessage() != null ? cause.getMessage() : cause.toString();
        if (!(cause instanceof BindException)) {
            return new BindFailure(why, "set " + section + " in the configuration file");
        }
        if (!isOfThisHost(wanted.getAddress())) {
            return new BindFailure(IpAddress.format(wanted.getAddress()) + " is no address of this host",
                    "put it on an interface, or set " + section + " to one that is (ip address)");
        }
        if (wanted.getPort() < FIRST_FOR_ALL && why.contains("Permission denied")) {
            return new BindFailure(why, "give loomd CAP_NET_BIND_SERVICE, or set " + section + " to a port from " + FIRST_FOR_ALL);
        }
        return new BindFailure(why, "stop what uses it (ss -ltnp) or set " + section + " in the configuration file");
    }

    /** Whether one cannot be bound while the other is: of one port, a wildcard stands for every address. */
    public static boolean excludes(InetSocketAddress held, InetSocketAddress wanted) {
        return held.getPort() == wanted.getPort() && (held.getAddress().isAnyLocalAddress() || wanted.getAddress().isAnyLocalAddress());
    }

    private static boolean isOfThisHost(InetAddress address) {
        try (ServerSocket any = new ServerSocket(0, 1, address)) {
            return any.isBound();
        } catch (BindException notOurs) {
            return false;
        } catch (IOException unknown) {
            return true; // it may be: what the attempt itself said is told then
        }
    }
}
