package io.loom.config.internal.model;

import io.loom.api.Endpoint;
import io.loom.config.internal.Code;
import io.loom.config.internal.Findings;
import io.loom.config.internal.Place;
import io.loom.config.internal.yaml.Located;
import io.loom.config.internal.yaml.Section;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** Lists of servers. Ids are unique over the whole file, endpoints within their list. */
final class ServersReader {
    private static final int WEIGHT = 100;

    private final Findings findings;
    private final Map<Integer, Place> ids = new HashMap<>();

    ServersReader(Findings findings) {
        this.findings = findings;
    }

    /** Servers whose address and port are valid; the others are reported already. */
    List<ServerEntry> read(Section owner, String key) {
        List<ServerEntry> servers = new ArrayList<>();
        Map<Endpoint, Place> endpoints = new HashMap<>();
        for (Section server : owner.sections(key)) {
            uniqueId(server);
            entry(server).ifPresent(entry -> {
                Place first = endpoints.putIfAbsent(entry.endpoint(), entry.place());
                if (first == null) {
                    servers.add(entry);
                } else {
                    findings.error(Code.DUPLICATE, entry.place(), "backend " + entry.endpoint() + " stands twice in one list",
                            "the first is at " + first, "remove one; use weight for a larger share");
                }
            });
        }
        return servers;
    }

    private void uniqueId(Section server) {
        server.scalar("id", Integer.class).ifPresent(id -> {
            Place first = ids.putIfAbsent(id.value(), id.place());
            if (first != null) {
                findings.error(Code.DUPLICATE, id.place(), "backend id " + id.value() + " is used twice",
                        "the first is at " + first, "give each backend its own id, or leave it out");
            }
        });
    }

    private Optional<ServerEntry> entry(Section server) {
        Optional<Located<InetAddress>> address = server.scalar("address", InetAddress.class);
        Optional<Located<Integer>> port = server.scalar("port", Integer.class);
        if (address.isEmpty() || port.isEmpty() || !reachable(address.get())) {
            return Optional.empty();
        }
        OptionalInt id = server.scalar("id", Integer.class).map(located -> OptionalInt.of(located.value())).orElse(OptionalInt.empty());
        Endpoint endpoint = new Endpoint(address.get().value(), port.get().value());
        return Optional.of(new ServerEntry(id, endpoint, server.number("weight", WEIGHT),
                server.number("max_connections", 0), address.get().place(), port.get().place()));
    }

    private boolean reachable(Located<InetAddress> address) {
        if (address.value().isLoopbackAddress()) {
            findings.warning(Code.LOOPBACK, address.place(), "backend on a loopback address",
                    "XDP cannot send packets there", "give an address that the network reaches");
        }
        return Addresses.usable(address, findings);
    }
}
