package io.loom.observe.internal;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.api.IpAddress;
import io.loom.api.Problem;
import io.loom.api.Verdict.Action;
import io.loom.api.control.BackendView;
import io.loom.api.control.BackendView.Source;
import io.loom.api.control.BackendView.State;
import io.loom.api.control.PluginView;
import io.loom.api.control.Probing.UpstreamUse;
import io.loom.api.control.Probing.Use;
import io.loom.api.control.Status;
import io.loom.api.control.Telemetry.AclUse;
import io.loom.api.control.Telemetry.BackendCount;
import io.loom.api.control.Telemetry.Counters;
import io.loom.api.control.Telemetry.CpuCount;
import io.loom.api.control.Telemetry.LimitUse;
import io.loom.api.control.Telemetry.ListenerCount;
import io.loom.api.control.Telemetry.MapUse;
import io.loom.api.control.Telemetry.OffloadCount;
import io.loom.api.control.Telemetry.PortUse;
import io.loom.api.control.Telemetry.VerdictCount;
import io.loom.api.control.VipView;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** Two vips, two upstreams, two of everything, and no number twice where one could stand for another. */
public final class TwoOfEach {
    private TwoOfEach() {}

    private static Endpoint endpoint(String address, int port) {
        return new Endpoint(IpAddress.parse(address).orElseThrow(), port);
    }

    public static Counters counters() {
        Endpoint first = endpoint("10.0.1.1", 8001);
        Endpoint second = endpoint("2001:db8::2", 8002);
        return new Counters(
                List.of(new VerdictCount(1, "forward", Action.FORWARD, 101, 102, 103),
                        new VerdictCount(18, "pass_no_listener", Action.PASS, 104, 105, 106),
                        new VerdictCount(51, "drop_no_backend", Action.DROP, 107, 108, 109),
                        new VerdictCount(6, "refused", Action.FORWARD, 110, 111, 112)),
                113, 114, 115, 116,
                List.of(new BackendCount(first, 201, 202, 203, 204, 205), new BackendCount(second, 206, 207, 208, 209, 210)),
                List.of(new ListenerCount("tcp 10.0.0.1:80", 301, 302, 303, 304),
                        new ListenerCount("udp 10.0.0.2:53", 305, 306, 307, 308),
                        new ListenerCount("tcp 10.0.0.3:81", 309, 310, 311, 312)),
                List.of(new MapUse("loom_conns4", "lru_hash", 401, 402, 403), new MapUse("loom_conns6", "hash", 404, 405, 406)),
                List.of(new LimitUse(LimitUse.Owner.VIP, "web", 501, 502), new LimitUse(LimitUse.Owner.VIP, "dns", 503, 504),
                        new LimitUse(LimitUse.Owner.BACKEND, first.toString(), 505, 506),
                        new LimitUse(LimitUse.Owner.BACKEND, second.toString(), 507, 508)),
                List.of(new CpuCount(2, 601, 602), new CpuCount(3, 603, 604)),
                List.of(new AclUse(Family.IPV4, 701, 702, 703), new AclUse(Family.IPV6, 704, 705, 706)),
                List.of(new PortUse(first, 801, 802), new PortUse(second, 803, 804)),
                List.of(new OffloadCount("eth0", 851, 852), new OffloadCount("eth1", 853, 854)));
    }

    public static Use probing() {
        return new Use(901, List.of(new UpstreamUse("a", 902, 903, 904, 905_000_000L), new UpstreamUse("b", 906, 907, 908, 909_000_000L)));
    }

    public static Status status() {
        return new Status(false, "next hops", "/etc/loom.yaml",
                List.of(new Problem("LOOM-2001", "r1:1:1", "what1", "why1", "fix1"), new Problem("LOOM-2002", "r2", "what2", "why2", "fix2")),
                List.of(new Problem("LOOM-3501", "w1", "what3", "why3", "fix3"), new Problem("LOOM-3506", "w2", "what4", "why4", "fix4")),
                new Status.ProgramView(12, "0123456789abcdef", "loom",
                        List.of(new Status.OwnProgramView("filter", "before", 15), new Status.OwnProgramView("lb", "replace", 16)),
                        List.of(new Status.AttachmentView("eth0", 2, "native", 7, "", 15),
                                new Status.AttachmentView("eth1", 3, "none", 8, "no such device"))),
                List.of("nat", "ipip"), List.of("maglev", "weighted"));
    }

    public static List<VipView> vips() {
        SortedMap<String, String> courses = new TreeMap<>();
        courses.put("tcp 81", "pass");
        courses.put("tcp 82", "needs_userspace");
        return List.of(
                new VipView("web", List.of("tcp 10.0.0.1:80", "tcp [2001:db8::100]:80"), List.of("tcp", "udp"), "maglev", "nat",
                        new VipView.Handling("full", true, "replace", 21, 22, courses), "a", 23, 24, List.of("one", "two")),
                new VipView("dns", List.of("udp 10.0.0.2:53"), List.of("udp"), "weighted", "ipip",
                        new VipView.Handling("minimal", false, "keep", 25, 26, new TreeMap<>()), "b", 27, 28, List.of()));
    }

    public static List<BackendView> backends() {
        return List.of(
                new BackendView(1, "a", endpoint("10.0.1.1", 8001), 31, State.UP, "", Source.FILE, false, 32),
                new BackendView(2, "b", endpoint("2001:db8::2", 8002), 33, State.DOWN, "refused", Source.RUNTIME, true, 34),
                new BackendView(3, "b", endpoint("10.0.1.1", 8001), 35, State.DRAIN, "weight 0", Source.FILE, true, 36),
                new BackendView(4, "b", endpoint("10.0.1.4", 8004), 37, State.RESOLVING, "no next hop", Source.FILE, false, 38));
    }

    public static List<PluginView> plugins() {
        return List.of(
                new PluginView("a.jar", "io.example.a", "1.2.3", "active", 1,
                        List.of(new PluginView.Provided("algorithm", "x", 1, List.of("web", "dns")),
                                new PluginView.Provided("method", "y", 2, List.of())), ""),
                new PluginView("b.jar", "io.example.b", "2.0.0", "broken", 0, List.of(), "truncated"));
    }
}
