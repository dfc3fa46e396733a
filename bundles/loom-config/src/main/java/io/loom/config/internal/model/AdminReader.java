package io.loom.config.internal.model;

import io.loom.api.IpAddress;
import io.loom.api.config.Admin;
import io.loom.config.internal.Code;
import io.loom.config.internal.Findings;
import io.loom.config.internal.yaml.Located;
import io.loom.config.internal.yaml.Section;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Locale;

/** Where REST and SSH listen. */
final class AdminReader {
    private static final InetAddress LOOPBACK = IpAddress.parse("127.0.0.1").orElseThrow();
    private static final int REST = 9091;
    private static final int SSH = 8101;

    private final Findings findings;

    AdminReader(Findings findings) {
        this.findings = findings;
    }

    Admin read(Section admin) {
        Section ssh = admin.sectionOrEmpty("ssh");
        Section rest = admin.sectionOrEmpty("rest");
        Admin read = new Admin(socket(rest, REST), socket(ssh, SSH), names(rest));
        if (read.rest().getPort() == read.ssh().getPort() && overlap(read.rest().getAddress(), read.ssh().getAddress())) {
            findings.error(Code.DUPLICATE, ssh.placeOf("port"), "REST and SSH have the same port " + read.ssh().getPort(), "",
                    "give one of them another port");
        }
        return read;
    }

    private static List<String> names(Section rest) {
        return rest.scalars("names", String.class).stream().map(name -> name.value().toLowerCase(Locale.ROOT)).distinct().toList();
    }

    /** True if two sockets on these addresses with one port would collide. */
    static boolean overlap(InetAddress one, InetAddress other) {
        return one.equals(other) || one.isAnyLocalAddress() || other.isAnyLocalAddress();
    }

    private static InetSocketAddress socket(Section section, int port) {
        InetAddress address = section.scalar("address", InetAddress.class).map(Located::value).orElse(LOOPBACK);
        return new InetSocketAddress(address, section.number("port", port));
    }
}
