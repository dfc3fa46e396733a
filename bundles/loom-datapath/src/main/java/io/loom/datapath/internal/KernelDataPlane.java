package io.loom.datapath.internal;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.api.Protocol;
import io.loom.api.config.Acl;
import io.loom.api.config.Attachment;
import io.loom.api.config.LoomConfig;
import io.loom.api.control.Deployment;
import io.loom.api.control.Status;
import io.loom.api.control.Telemetry;
import io.loom.api.control.Tracing;
import io.loom.api.plugin.Algorithm;
import io.loom.api.plugin.ForwardingMethod;
import io.loom.api.plugin.ProtocolHandler;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.Change;
import io.loom.control.dataplane.DataPlane;
import io.loom.control.dataplane.KernelState;
import io.loom.control.dataplane.PluginFact;
import io.loom.control.dataplane.TrackedConnections;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceReference;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;

/**
 * The data plane as a service. Plugins come and go at any time; the instance is opened with the first configuration, and its
 * pins outlive the component: deactivation releases descriptors and threads, and detaches nothing.
 */
@Component(service = {DataPlane.class, Telemetry.class, Tracing.class})
public final class KernelDataPlane implements DataPlane, Telemetry, Tracing {
    /** How long the first configuration waits for plugins, and for a single one of them to say what it is. */
    private static final Duration PLUGINS = Duration.ofSeconds(15);
    private static final Duration PATIENCE = Duration.ofSeconds(2);
    private static final int LONGEST_NAME = 64;
    private static final Attachment NOWHERE = new Attachment(List.of(), Attachment.Mode.NATIVE, false);

    private final Plugins<MethodCode> methods = new Plugins<>();
    private final Handlers handlers = new Handlers();
    private final Plugins<Algorithm> algorithms = new Plugins<>();
    private final UnusablePlugins unusable = new UnusablePlugins();
    private final Introductions introductions = new Introductions();
    private final TableBuilds builds = new TableBuilds(TableBuilds.Times.USUAL, algorithms::get, this::changed);
    /** Null without a framework: then nothing is bound. */
    private final BundleContext context;
    private final Opening opening;
    private final Ending ending;
    private final Timers timers;
    private volatile boolean closing;
    private volatile Optional<LivePlane> live = Optional.empty();
    private volatile Runnable listener = () -> {};

    /** Whose first bundles the first program and the first tables shall have. */
    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
    volatile Deployment deployment;

    @Activate
    public KernelDataPlane(BundleContext context) {
        this(context, Path.of(property(context, "loom.bpffs", "/sys/fs/bpf")),
                property(context, "loom.instance", "default"),
                Path.of(property(context, "loom.data", "data")), new Ending());
    }

    /** One that never ends the process. */
    KernelDataPlane(Path bpffs, String instance, Path data) {
        this(null, bpffs, instance, data, Ending.NONE);
    }

    /**
     * @param data   directory for the lock where /run/loom cannot be written
     * @param ending for what no second attempt can mend
     */
    KernelDataPlane(Path bpffs, String instance, Path data, Ending ending) {
        this(null, bpffs, instance, data, ending);
    }

    private KernelDataPlane(BundleContext context, Path bpffs, String instance, Path data, Ending ending) {
        this(context, bpffs, instance, data, ending, new SelfTests());
    }

    /** @param selfTests which know what has passed before */
    KernelDataPlane(BundleContext context, Path bpffs, String instance, Path data, Ending ending, SelfTests selfTests) {
        this.context = context;
        this.ending = ending;
        this.opening = new Opening(bpffs, instance, data, methods::byName, handlers::objects, builds, selfTests);
        this.timers = new Timers(this::changed);
    }

    private static String property(BundleContext context, String name, String otherwise) {
        return Optional.ofNullable(context.getProperty(name)).orElse(otherwise);
    }

    @Deactivate
    public void close() {
        closing = true;
        release();
    }

    private synchronized void release() {
        builds.close();
        timers.close();
        live.ifPresent(LivePlane::close);
        live = Optional.empty();
    }

    @Reference(service = ForwardingMethod.class, cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindMethod(ServiceReference<ForwardingMethod> reference) {
        introductions.come(reference, "forwarding method", () -> context.getService(reference), method -> {
            MethodCode code = MethodCode.of(method, this::methodsChanged);
            return () -> methods.add(reference, code.description().name(), code);
        }, this::methodsChanged);
    }

    void unbindMethod(ServiceReference<ForwardingMethod> reference) {
        introductions.go(reference, () -> removeMethod(null, reference));
        context.ungetService(reference);
    }

    /** Takes a method in on the caller's thread. */
    public void addMethod(ForwardingMethod method, ServiceReference<ForwardingMethod> reference) {
        unusable.guard(reference, "forwarding method", () -> {
            MethodCode code = MethodCode.of(method, this::methodsChanged);
            methods.add(reference, code.description().name(), code);
        });
        methodsChanged();
    }

    public void removeMethod(ForwardingMethod method, ServiceReference<ForwardingMethod> reference) {
        methods.remove(reference);
        unusable.remove(reference);
        methodsChanged();
    }

    @Reference(service = ProtocolHandler.class, cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindHandler(ServiceReference<ProtocolHandler> reference) {
        introductions.come(reference, "protocol handler", () -> context.getService(reference), handler -> {
            Handlers.Code code = Handlers.Code.of(handler);
            return () -> handlers.add(reference, code);
        }, this::methodsChanged);
    }

    void unbindHandler(ServiceReference<ProtocolHandler> reference) {
        introductions.go(reference, () -> removeHandler(null, reference));
        context.ungetService(reference);
    }

    /** Takes a handler in on the caller's thread. */
    public void addHandler(ProtocolHandler handler, ServiceReference<ProtocolHandler> reference) {
        unusable.guard(reference, "protocol handler", () -> handlers.add(reference, Handlers.Code.of(handler)));
        methodsChanged();
    }

    public void removeHandler(ProtocolHandler handler, ServiceReference<ProtocolHandler> reference) {
        handlers.remove(reference);
        unusable.remove(reference);
        methodsChanged();
    }

    private void methodsChanged() {
        timers.requestProgram();
        changed();
    }

    @Reference(service = Algorithm.class, cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindAlgorithm(ServiceReference<Algorithm> reference) {
        introductions.come(reference, "algorithm", () -> context.getService(reference), algorithm -> {
            String name = name(algorithm);
            return () -> algorithms.add(reference, name, algorithm);
        }, this::changed);
    }

    void unbindAlgorithm(ServiceReference<Algorithm> reference) {
        introductions.go(reference, () -> removeAlgorithm(null, reference));
        context.ungetService(reference);
    }

    private static String name(Algorithm algorithm) {
        String name = Objects.requireNonNull(algorithm.name(), "it has no name");
        if (name.isBlank() || name.length() > LONGEST_NAME) {
            throw new Unfit("its name is empty or longer than " + LONGEST_NAME + " characters");
        }
        return name;
    }

    /** Takes an algorithm in on the caller's thread. */
    public void addAlgorithm(Algorithm algorithm, ServiceReference<Algorithm> reference) {
        unusable.guard(reference, "algorithm", () -> algorithms.add(reference, name(algorithm), algorithm));
        changed();
    }

    public void removeAlgorithm(Algorithm algorithm, ServiceReference<Algorithm> reference) {
        algorithms.remove(reference);
        unusable.remove(reference);
        changed();
    }

    private void changed() {
        listener.run();
    }

    @Override
    public synchronized void configure(LoomConfig config) {
        LivePlane plane = live.orElse(null);
        if (plane == null) {
            awaitPlugins();
            plane = open(config);
            live = Optional.of(plane);
        } else if (opening.tune(plane, config)) {
            timers.requestProgram();
        }
        plane.vips().announce(config.enabled() ? config.vips() : List.of());
        plane.sources().put(config.enabled() ? config.acl() : Acl.NONE);
        plane.want(config.enabled() ? config.attachment() : NOWHERE);
        plane.vipAddresses().device(plane.attachments().firstDevice());
        if (plane.vipAddresses().sources(config.enabled() && config.nat().assign() ? config.nat().sourceAddresses() : List.of())) {
            timers.requestProgram();
        }
        plane.attach();
        plane.cpuAffinity().want(config.enabled() ? config.attachment().cpus() : List.of());
        timers.serve(plane);
    }

    private LivePlane open(LoomConfig config) {
        try {
            return opening.open(config);
        } catch (LoomException refused) {
            ending.judge(refused);
            throw refused;
        }
    }

    /** At the start, so that the first program and the first tables have them all; not for one that hangs. */
    private void awaitPlugins() {
        long end = System.nanoTime() + PLUGINS.toNanos();
        while (!closing && System.nanoTime() < end && (isDeploying() || introductions.isWaiting(PATIENCE))) {
            try {
                Thread.sleep(5);
            } catch (InterruptedException hurried) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private boolean isDeploying() {
        Deployment now = deployment;
        return now != null && !now.isSettled();
    }

    @Override
    public KernelState applied() {
        return live.map(LivePlane::applied).orElse(KernelState.EMPTY);
    }

    @Override
    public void apply(Change change) {
        applyLater(change);
        flush();
    }

    @Override
    public void applyLater(Change change) {
        live.orElseThrow(() -> new IllegalStateException("not configured")).apply(change);
    }

    @Override
    public void flush() {
        live.ifPresent(LivePlane::flush);
    }

    @Override
    public void resolve(Set<BackendKey> backends) {
        if (live.filter(plane -> plane.resolve(backends)).isPresent()) {
            timers.watchNow();
        }
    }

    @Override
    public Map<BackendKey, String> unresolved() {
        return live.map(LivePlane::unresolved).orElse(Map.of());
    }

    @Override
    public Set<InetAddress> interfaceAddresses() {
        return live.map(LivePlane::interfaceAddresses).orElse(Set.of());
    }

    @Override
    public Map<String, MethodView> methods() {
        return live.map(LivePlane::methods).orElse(Map.of());
    }

    @Override
    public Set<Protocol> protocols() {
        return live.map(LivePlane::protocols).orElse(Set.of());
    }

    @Override
    public Set<String> algorithms() {
        return algorithms.byName().keySet();
    }

    @Override
    public Set<Protocol> deployedProtocols() {
        return handlers.deployed();
    }

    @Override
    public List<PluginFact> plugins() {
        List<PluginFact> facts = new ArrayList<>(algorithms.facts("algorithm"));
        facts.addAll(methods.facts("method"));
        facts.addAll(handlers.plugins().facts("protocol"));
        facts.addAll(introductions.facts());
        return facts;
    }

    @Override
    public Status.ProgramView program() {
        return live.map(LivePlane::program).orElse(new Status.ProgramView(0, "", "", List.of()));
    }

    @Override
    public boolean programSettled() {
        return timers.hasSettled();
    }

    @Override
    public List<Problem> problems() {
        List<Problem> problems = new ArrayList<>(live.map(LivePlane::problems).orElse(List.of()));
        problems.addAll(timers.problems());
        problems.addAll(handlers.problems());
        problems.addAll(unusable.problems());
        problems.addAll(introductions.problems());
        Optional.ofNullable(deployment).ifPresent(folder -> problems.addAll(folder.problems()));
        return problems;
    }

    @Override
    public TrackedConnections connections() {
        return live.map(LivePlane::connections).orElseThrow(() -> new LoomException(Problem.of(
                "LOOM-1251", "nothing is known of connections yet", "the data path waits for its first configuration",
                "look at /ebpf/status for what is amiss")));
    }

    @Override
    public void onChange(Runnable next) {
        listener = next;
    }

    @Override
    public Counters read() {
        return live.map(LivePlane::counters)
                .orElse(new Counters(List.of(), 0, 0, 0, 0, List.of(), List.of(), List.of()));
    }

    @Override
    public Optional<Reader> read(Wanted wanted) {
        return live.orElseThrow(() -> new LoomException(Problem.of(
                "LOOM-1250", "there is nothing to trace", "the data path waits for its first configuration",
                "look at /ebpf/status for what is amiss"))).tracer().read(wanted);
    }
}
