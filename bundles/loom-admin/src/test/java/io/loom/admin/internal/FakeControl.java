package io.loom.admin.internal;

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
import java.util.List;
import java.util.OptionalInt;
import java.util.TreeMap;

/** A control plane in memory that starts with the two backends of the specification. */
final class FakeControl implements LoomControl {
    private final TreeMap<Integer, BackendView> backends = new TreeMap<>();
    private int lastId;
    volatile boolean ready = true;
    volatile RuntimeException failure;
    volatile List<Status.AttachmentView> attachments = List.of(new Status.AttachmentView("eth0", 2, "native", 7, ""));
    /** Of weights and removals; may wait. */
    volatile Runnable beforeChange = () -> { };
    volatile Runnable beforeLook = () -> { };

    FakeControl() {
        addBackend("", new NewBackend(endpoint("10.0.1.10", 8080), 100));
        addBackend("", new NewBackend(endpoint("10.0.1.11", 8080), 100));
    }

    static Endpoint endpoint(String address, int port) {
        return new Endpoint(IpAddress.parse(address).orElseThrow(), port);
    }

    @Override
    public Status status() {
        return new Status(ready, ready ? "" : "the first probes", "/etc/loom/loom.yaml", List.of(), List.of(),
                new Status.ProgramView(12, "0123456789abcdef", "loom", attachments), List.of("nat"), List.of("maglev"));
    }

    @Override
    public List<VipView> vips() {
        return List.of(new VipView("default", List.of("tcp 10.0.0.1:80"), List.of("tcp"), "maglev", "nat",
                new VipView.Handling("full", false, "replace"), "default", 2, 2, List.of()));
    }

    @Override
    public List<BackendView> backends() {
        beforeLook.run();
        synchronized (this) {
            return List.copyOf(backends.values());
        }
    }

    @Override
    public synchronized BackendView backend(int id) {
        if (!backends.containsKey(id)) {
            throw new LoomException(Problem.of("LOOM-3404", "there is no backend " + id, "", "list them"));
        }
        return backends.get(id);
    }

    @Override
    public synchronized BackendView addBackend(String upstream, NewBackend backend) {
        if (failure != null) {
            throw failure;
        }
        if (backends.values().stream().anyMatch(known -> known.endpoint().equals(backend.endpoint()))) {
            throw new LoomException(Problem.of("LOOM-3409", "default has " + backend.endpoint() + " already", "", "change it"));
        }
        if (!upstream.isEmpty() && !upstream.equals("default")) {
            throw new LoomException(Problem.of("LOOM-3400", "no upstream " + upstream, "", "use default"));
        }
        int id = ++lastId;
        backends.put(id, new BackendView(
                id, "default", backend.endpoint(), backend.weight(), State.UP, "", Source.RUNTIME, false));
        return backends.get(id);
    }

    @Override
    public BackendView changeBackend(int id, OptionalInt weight) {
        beforeChange.run();
        return change(id, weight);
    }

    private synchronized BackendView change(int id, OptionalInt weight) {
        BackendView old = backend(id);
        backends.put(id, new BackendView(id, old.upstream(), old.endpoint(), weight.orElse(old.weight()), old.state(), "",
                old.source(), true));
        return backends.get(id);
    }

    @Override
    public void removeBackend(int id) {
        beforeChange.run();
        remove(id);
    }

    private synchronized void remove(int id) {
        backend(id);
        backends.remove(id);
    }
}
