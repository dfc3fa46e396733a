package io.loom.admin.internal;

import io.loom.api.Endpoint;
import io.loom.api.IpAddress;
import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.api.control.BackendView;
import io.loom.api.control.LoomControl;
import io.loom.api.control.NewBackend;
import io.loom.observe.CountersJson;
import io.loom.observe.ViewJson;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/** {@code /ebpf/backends}: an answered change is durable and in the kernel. */
final class BackendRoutes {
    private static final String NEW_EXAMPLE = "{\"address\": \"10.0.1.12\", \"port\": 8080, \"weight\": 100}";
    private static final String CHANGE_EXAMPLE = "{\"weight\": 50}";
    private static final String WEIGHT = "a weight from 0 to " + NewBackend.MAX_WEIGHT + ", such as \"weight\": 100";
    private static final String PORT = "a port from 1 to 65535, such as \"port\": 8080";
    private static final String ADDRESS = "an IP address, such as \"address\": \"10.0.1.12\"";

    private final Appliance appliance;
    /** Makes If-Match and the change that it guards one step; other changes share it, so that the kernel sees them in one go. */
    private final ReadWriteLock changes = new ReentrantReadWriteLock();

    BackendRoutes(Appliance appliance) {
        this.appliance = appliance;
    }

    List<Route> routes() {
        return List.of(
                new Route("GET", "/ebpf/backends", "all backends with their state", this::list),
                new Route("POST", "/ebpf/backends", "add a backend", this::add),
                new Route("GET", "/ebpf/backends/stats", "counters of each backend", this::stats),
                new Route("GET", "/ebpf/backends/{id}", "one backend", this::get),
                new Route("PATCH", "/ebpf/backends/{id}", "change the weight of a backend", this::change),
                new Route("DELETE", "/ebpf/backends/{id}", "remove a backend; its connections go on for up to 5 minutes", this::remove));
    }

    private Answer list(Call call) {
        String json = ViewJson.backends(appliance.control().backends());
        return Answer.json(200, json).with("ETag", EntityTag.of(json));
    }

    private Answer stats(Call call) {
        return Answer.json(200, CountersJson.backends(appliance.telemetry().read(), appliance.control().backends()));
    }

    private Answer get(Call call) {
        return one(200, appliance.control().backend(call.id()));
    }

    private Answer add(Call call) {
        JsonBody body = JsonBody.parse(call.body(), NEW_EXAMPLE);
        body.onlyFields(List.of("address", "port", "weight", "upstream"));
        Optional<InetAddress> address = address(body);
        OptionalInt port = port(body);
        OptionalLong weight = body.optionalNumber("weight", WEIGHT);
        weight.ifPresent(value -> NewBackend.weightProblems(value).forEach(body::add));
        String upstream = body.optionalText("upstream", "the name of an upstream, as text").orElse("");
        if (address.isPresent()) {
            // Any port and weight will do: the address is what is left to judge.
            new NewBackend(new Endpoint(address.get(), port.orElse(1)), 0).problems().forEach(body::add);
        }
        body.finish();
        NewBackend backend = new NewBackend(new Endpoint(address.orElseThrow(), port.orElseThrow()),
                (int) weight.orElse(NewBackend.DEFAULT_WEIGHT));
        BackendView added = appliance.control().addBackend(upstream, backend);
        return one(201, added).with("Location", "/ebpf/backends/" + added.id());
    }

    private Answer change(Call call) {
        JsonBody body = JsonBody.parse(call.body(), CHANGE_EXAMPLE);
        for (String fixed : List.of("id", "address", "port", "upstream")) {
            if (body.has(fixed)) {
                body.note(Refusal.FIXED_FIELD, fixed, fixed + " cannot be changed", "it is what makes the backend this one",
                        "add another backend and remove this one");
            }
        }
        body.onlyFields(List.of("weight", "id", "address", "port", "upstream"));
        OptionalLong weight = body.requiredNumber("weight", WEIGHT);
        weight.ifPresent(value -> NewBackend.weightProblems(value).forEach(body::add));
        body.finish();
        return guarded(call, control ->
                one(200, control.changeBackend(call.id(), OptionalInt.of((int) weight.orElseThrow()))));
    }

    private Answer remove(Call call) {
        return guarded(call, control -> {
            control.removeBackend(call.id());
            return Answer.empty(204);
        });
    }

    private interface ControlChange {
        Answer apply(LoomControl control);
    }

    private Answer guarded(Call call, ControlChange change) {
        LoomControl control = appliance.control();
        String wanted = call.header("If-Match");
        Lock lock = wanted.isEmpty() ? changes.readLock() : changes.writeLock();
        lock.lock();
        try {
            if (!wanted.isEmpty()) {
                require(wanted, control.backend(call.id()));
            }
            return change.apply(control);
        } finally {
            lock.unlock();
        }
    }

    private static void require(String wanted, BackendView backend) {
        String current = EntityTag.of(ViewJson.backend(backend));
        if (!EntityTag.matches(wanted, current)) {
            throw new LoomException(new Problem(Refusal.PRECONDITION.code(), "If-Match",
                    "backend " + backend.id() + " has changed meanwhile", "its ETag is now " + current,
                    "read it again and decide anew"));
        }
    }

    private static Answer one(int status, BackendView backend) {
        String json = ViewJson.backend(backend);
        return Answer.json(status, json).with("ETag", EntityTag.of(json));
    }

    private static Optional<InetAddress> address(JsonBody body) {
        Optional<String> text = body.requiredText("address", ADDRESS);
        Optional<InetAddress> address = text.flatMap(IpAddress::parse);
        if (text.isPresent() && address.isEmpty()) {
            body.note(Refusal.UNUSABLE_ADDRESS, "address", "\"" + JsonBody.shortened(text.get()) + "\" is no IP address",
                    "names are not looked up", "give " + ADDRESS);
        }
        return address;
    }

    private static OptionalInt port(JsonBody body) {
        OptionalLong port = body.requiredNumber("port", PORT);
        if (port.isEmpty()) {
            return OptionalInt.empty();
        }
        if (port.getAsLong() < 1 || port.getAsLong() > 65535) {
            body.note(Refusal.OUT_OF_RANGE, "port", "port " + port.getAsLong() + " is out of range", "", "give " + PORT);
            return OptionalInt.empty();
        }
        return OptionalInt.of((int) port.getAsLong());
    }
}
