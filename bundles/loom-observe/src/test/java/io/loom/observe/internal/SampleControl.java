package io.loom.observe.internal;

import io.loom.api.Endpoint;
import io.loom.api.Family;
import io.loom.api.IpAddress;
import io.loom.api.Verdict.Action;
import io.loom.api.control.BackendView;
import io.loom.api.control.BackendView.Source;
import io.loom.api.control.BackendView.State;
import io.loom.api.control.LoomControl;
import io.loom.api.control.NewBackend;
import io.loom.api.control.Probing;
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
import java.util.OptionalInt;

/** A degraded vip with one backend up and one, which has seen no packet, down. */
public final class SampleControl implements LoomControl {

    private static Endpoint endpoint(String address, int port) {
        return new Endpoint(IpAddress.parse(address).orElseThrow(), port);
    }

    public static Counters counters() {
        return new Counters(
                List.of(new VerdictCount(1, "forward", Action.FORWARD, 20, 2000, 2200),
                        new VerdictCount(2, "reply", Action.FORWARD, 10, 1000, 1100),
                        new VerdictCount(18, "pass_no_listener", Action.PASS, 4, 400, 400),
                        new VerdictCount(51, "drop_no_backend", Action.DROP, 3, 300, 0),
                        new VerdictCount(128, "nat_drop_ports_exhausted", Action.DROP, 4, 720, 0),
                        new VerdictCount(145, "ipip_drop_no_headroom", Action.DROP, 1, 100, 0)),
                12, 5, 9, 6,
                List.of(new BackendCount(endpoint("10.0.1.10", 8080), 20, 2200, 11, 4, 8)),
                List.of(new ListenerCount("tcp 10.0.0.1:80", 20, 2000, 11, 5)),
                List.of(new MapUse("loom_conns4", "lru_hash", 33, 1000, 4096)),
                List.of(new LimitUse(LimitUse.Owner.VIP, "web", 100, 4), new LimitUse(LimitUse.Owner.BACKEND, "10.0.1.10:8080", 50, 3)),
                List.of(new CpuCount(0, 2, 120), new CpuCount(1, 40, 4400)),
                List.of(new AclUse(Family.IPV4, 2, 7, 1000), new AclUse(Family.IPV6, 0, 3, 1000)),
                List.of(new PortUse(endpoint("10.0.1.10", 8080), 31, 4536)),
                List.of(new OffloadCount("eth0", 17, 0), new OffloadCount("eth1", 0, 23)));
    }

    public static Probing.Use probing() {
        return new Probing.Use(512, List.of(
                new Probing.UpstreamUse("default", 2, 1, 3, 375_000_000L), new Probing.UpstreamUse("other", 5, 4, 0, 0)));
    }

    @Override
    public Status status() {
        return new Status(true, "", "/etc/loom/loom.yaml", List.of(), List.of(),
                new Status.ProgramView(12, "0123456789abcdef", "loom",
                        List.of(new Status.OwnProgramView("filter", "before", 15)),
                        List.of(new Status.AttachmentView("eth0", 2, "native", 7, ""))),
                List.of("nat"), List.of("maglev"));
    }

    @Override
    public List<VipView> vips() {
        return List.of(new VipView("web", List.of("tcp 10.0.0.1:80"), List.of("tcp"), "maglev", "nat",
                new VipView.Handling("full", false, "replace"), "default", 1, 2, List.of("one is down")));
    }

    @Override
    public List<BackendView> backends() {
        return List.of(
                new BackendView(1, "default", endpoint("10.0.1.10", 8080), 100, State.UP, "", Source.FILE, false),
                new BackendView(2, "default", endpoint("2001:db8::1", 80), 7, State.DOWN, "refused", Source.RUNTIME, true));
    }

    @Override
    public BackendView backend(int id) {
        return backends().get(id - 1);
    }

    @Override
    public BackendView addBackend(String upstream, NewBackend backend) {
        throw new UnsupportedOperationException("these tests only look");
    }

    @Override
    public BackendView changeBackend(int id, OptionalInt weight) {
        throw new UnsupportedOperationException("these tests only look");
    }

    @Override
    public void removeBackend(int id) {
        throw new UnsupportedOperationException("these tests only look");
    }
}
