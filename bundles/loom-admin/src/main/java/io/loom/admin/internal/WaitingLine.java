package io.loom.admin.internal;

import java.net.InetSocketAddress;

/**
 * The line that says that everything works as far as it can without an interface. It is no {@link ReadyLine}, whose first two
 * words scripts wait for.
 *
 * @param waiting    what for
 * @param sshAccepts false if the SSH port did not accept in time
 */
record WaitingLine(String waiting, InetSocketAddress rest, InetSocketAddress ssh, boolean sshAccepts) {
    String text() {
        return "loom waits for " + waiting + "; rest http://" + HostPort.of(rest) + ", ssh " + HostPort.of(ssh)
                + (sshAccepts ? "" : " (missing: it does not accept connections)");
    }
}
