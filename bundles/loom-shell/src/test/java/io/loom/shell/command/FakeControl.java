package io.loom.shell.command;

import io.loom.api.Endpoint;
import io.loom.api.IpAddress;
import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.api.control.BackendView;
import io.loom.api.control.BackendView.Source;
import io.loom.api.control.BackendView.State;
import io.loom.api.control.LoomControl;
import io.loom.api.control.NewBackend;
import io.loom.api.control.Status;
import io.loom.api.control.VipView;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/** Two vips, one of them degraded, and three backends; notes the changes asked for. */
final class FakeControl implements LoomControl {
    final List<String> changes = new ArrayList<>();
    boolean ready = true;

    static Endpoint endpoint(String address, int port) {
        return new Endpoint(IpAddress.parse(address).orElseThrow(), port);
    }

    @Override
    public Status status() {
        Problem warning = new Problem("LOOM-2112", "loom.yaml:4:5", "no vip uses upstream web", "", "leave it");
        Problem degraded = Problem.of("LOOM-3510", "vip api is degraded", "forwarding method l2 is not deployed", "deploy it");
        return new Status(ready, ready ? "" : "the first probes", "/etc/loom/loom.yaml", List.of(), List.of(degraded, warning),
                new Status.ProgramView(12, "0123456789abcdef", "loom",
                        List.of(new Status.OwnProgramView("filter", "before", 15)),
                        List.of(new Status.AttachmentView("eth0", 2, "native", 7, "", 15))),
                List.of("ipip", "nat"), List.of("maglev"));
    }

    @Override
    public List<VipView> vips() {
        return List.of(
                new VipView("web", List.of("tcp 10.0.0.1:80", "tcp [2001:db8::1]:80"), List.of("tcp"), "maglev", "nat",
                        new VipView.Handling("full", false, "replace"), "default", 2, 3, List.of()),
                new VipView("api", List.of("tcp 10.0.0.2:80"), List.of("tcp"), "maglev", "l2",
                        new VipView.Handling("minimal", false, "keep"), "default", 2, 3,
                        List.of("forwarding method l2 is not deployed")));
    }

    @Override
    public List<BackendView> backends() {
        return List.of(
                new BackendView(1, "default", endpoint("10.0.1.10", 8080), 100, State.UP, "", Source.FILE, false),
                new BackendView(2, "default", endpoint("10.0.1.11", 8080), 50, State.DOWN, "connection refused", Source.FILE,
                        true),
                new BackendView(10, "api", endpoint("2001:db8::12", 80), 0, State.DRAIN, "", Source.RUNTIME, false));
    }

    @Override
    public BackendView backend(int id) {
        return backends().stream().filter(backend -> backend.id() == id).findFirst().orElseThrow(() -> new LoomException(
                Problem.of("LOOM-3404", "there is no backend " + id, "", "list them with loom:backend-list")));
    }

    @Override
    public BackendView addBackend(String upstream, NewBackend backend) {
        changes.add("add " + backend.endpoint() + " weight " + backend.weight() + " to '" + upstream + "'");
        return new BackendView(11, "default", backend.endpoint(), backend.weight(), State.UP, "", Source.RUNTIME, false);
    }

    @Override
    public BackendView changeBackend(int id, OptionalInt weight) {
        changes.add("change " + backend(id).id() + " to " + weight.getAsInt());
        return backend(id);
    }

    @Override
    public void removeBackend(int id) {
        changes.add("remove " + id);
    }
}
