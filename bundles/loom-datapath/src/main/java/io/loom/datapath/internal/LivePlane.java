package io.loom.datapath.internal;

import io.loom.api.Problem;
import io.loom.api.Protocol;
import io.loom.api.config.Attachment;
import io.loom.api.control.Status;
import io.loom.api.control.Telemetry;
import io.loom.control.dataplane.BackendKey;
import io.loom.control.dataplane.Change;
import io.loom.control.dataplane.DataPlane.MethodView;
import io.loom.control.dataplane.KernelState;
import io.loom.datapath.internal.layout.NextHop;
import io.loom.libbpf.BpfProgram;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An open instance: everything that the kernel holds of it, and the order in which its parts change. Opened once in the life
 * of a component. Who calls what on which thread: {@link #apply} the writer, {@link #watch}, {@link #listen},
 * {@link #sweep} and {@link #updateProgram} one timer each.
 */
final class LivePlane implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LivePlane.class);
    static final Path NET = Path.of("/sys/class/net");

    private final Instance instance;
    private final List<Problem> opening;
    private final Programs programs;
    private final OwnPrograms ownPrograms;
    private final Attachments attachments;
    private final Backends backends;
    private final Tables tables;
    private final Guards guards;
    private final Listeners listeners;
    private final Limits limits;
    private final Sources sources;
    private final VipAnnouncement vips;
    private final VipAddresses vipAddresses;
    private final NextHops nextHops;
    private final Egress egress;
    private final Carriers carriers;
    private final Stations stations;
    private final Offloads offloads;
    private final Refusals refusals;
    private final NetworkNews news;
    private final CpuAffinity cpuAffinity;
    private final Symptoms symptoms = new Symptoms(new Drivers(NET, LivePlane::describe));
    private final HopLookup lookup;
    private final KernelClock clock;
    private final Reclaim reclaim;
    private final Counters counters;
    private final Ports ports = new Ports();
    private final Tracer tracer;
    private final ConnectionPages connections;
    private final PinKeeper keeper;
    /** Held while the program is replaced, when pins are on their way. */
    private final ReentrantLock replacing = new ReentrantLock();
    private final Changes changes;
    private final Readings readings;
    private final LocalPorts localPorts;
    private final TakenPorts takenPorts;
    private final Unresolved unresolved;
    private final AppliedState state;
    /** Something has changed since the last {@link #flush}; for the writer's thread. */
    private boolean applied;
    /** Since {@link #watch} has said so last. */
    private boolean hopsChanged;
    private Surroundings surroundings = new Surroundings(List.of(), List.of(), Set.of());

    /** @param opening what went wrong before; lasts until the next start */
    LivePlane(
            Instance instance, Programs programs, OwnPrograms ownPrograms, Attachments attachments, HopLookup lookup,
            KernelClock clock, TableBuilds builds, Readings readings, LocalPorts localPorts, List<Problem> opening) {
        this.opening = List.copyOf(opening);
        this.instance = instance;
        this.readings = readings;
        this.localPorts = localPorts;
        this.takenPorts = new TakenPorts(instance::maps, HostSockets.TABLES, readings);
        this.carriers = new Carriers(NET, LivePlane::describe, readings);
        this.programs = programs;
        this.ownPrograms = ownPrograms;
        this.attachments = attachments;
        this.backends = new Backends(instance.map("loom_backends"), instance.map("loom_members"),
                number -> Counters.forgetBackend(instance, number), new LimitTable(instance.map("loom_blimits"), clock::tick));
        this.tables = new Tables(new TableContent(instance.map("loom_tables"), instance.pins().tables()), instance.meta());
        this.guards = new Guards(instance.map("loom_guards"), new LimitTable(instance.map("loom_vlimits"), clock::tick));
        this.listeners = new Listeners(instance.map("loom_listeners4"), instance.map("loom_listeners6"), instance.map("loom_lstats"),
                tables, guards, instance.meta());
        this.state = new AppliedState(backends, tables, listeners);
        this.limits = new Limits(guards, backends);
        this.sources = new Sources(instance.map("loom_acl4"), instance.map("loom_acl6"));
        this.vips = new VipAnnouncement(listeners::addresses, this::interfaceAddresses);
        this.vipAddresses = new VipAddresses(new AssignedAddresses(instance.meta()));
        this.lookup = lookup;
        this.clock = clock;
        this.egress = new Egress(instance.map("loom_devices"), () -> instance.knownMap("loom_mtus"));
        this.stations = new Stations(() -> instance.knownMap("loom_stations"), new StackedDevices(NET, readings), new Links());
        this.refusals = new Refusals(NET, readings);
        this.offloads = new Offloads(() -> instance.knownMap("loom_offloads"));
        this.counters = new Counters(instance, backends, listeners, limits, sources, ports, offloads);
        this.reclaim = new Reclaim(instance, clock, programs, backends, tables, listeners, limits, sources, counters, ports, symptoms);
        this.keeper = new PinKeeper(instance.pins());
        this.tracer = new Tracer(instance, clock, () -> new TraceNames(
                Reason.all(programs.running().methods()), backends.byNumber(), listeners.specs()));
        this.connections = new ConnectionPages(family -> instance.map("loom_conns" + family.version()),
                () -> ConnectionNames.of(listeners, backends, programs), () -> new ConnectionAges(clock.tick(), reclaim.timeouts(), clock.hz()));
        this.cpuAffinity = new CpuAffinity(instance.meta(), Path.of("/sys"), Path.of("/proc"));
        this.news = new NetworkNews(new Moves(instance::maps, clock::tick, attachments.ifindexes()), lookup, readings);
        if (instance.adopted()) {
            adopt();
        }
        this.nextHops = new NextHops(lookup, carriers::through, vips, backends.sources());
        this.unresolved = new Unresolved(nextHops);
        this.changes = new Changes(programs, backends, tables, listeners, vipAddresses, nextHops, builds);
        chooseOuterSources();
    }

    private static String describe(String device) throws IOException {
        return IpCommand.run("-d", "-o", "link", "show", "dev", device);
    }

    private void adopt() {
        tracer.adopt();
        reclaim.adopt();
        vipAddresses.adopt(listeners.specs().entrySet().stream()
                .filter(entry -> entry.getValue().assigned())
                .map(entry -> entry.getKey().endpoint().address())
                .toList());
    }

    /** After the options have changed. */
    void chooseOuterSources() {
        backends.outerSources(new OuterSources(programs.wanted().options(), programs::encapsulates));
    }

    Sources sources() {
        return sources;
    }

    Meta meta() {
        return instance.meta();
    }

    /** How many entries of a map are read in one system call. */
    void batch(int entries) {
        instance.batch(entries);
    }

    KernelState applied() {
        return state.now();
    }

    /** What can be later, is done by {@link #flush}. */
    void apply(Change change) {
        applied = true;
        if (change instanceof Change.PutListener put) {
            takenPorts.comes(put.listener(), put.spec());
        }
        changes.apply(change);
    }

    /** Thousands of changes are looked at once: whose ports are taken is a walk over all backends, listeners and sockets. */
    void flush() {
        changes.flush();
        if (applied) {
            applied = false;
            takenPorts.arrived();
            lookAtPorts();
        }
    }

    /** @return whether {@link #watch} has something to look up */
    boolean resolve(Set<BackendKey> wanted) {
        return unresolved.want(wanted);
    }

    Map<BackendKey, String> unresolved() {
        return unresolved.reasons();
    }

    /** What {@link #watch} compares with the second before. */
    private record Surroundings(List<Status.AttachmentView> attachments, List<Problem> problems, Set<InetAddress> addresses) {}

    /** Waits a short time for news of the network; true if {@link #watch} has something to look at. What frames are ours cannot wait. */
    boolean listen() {
        Neighbours.Consequence consequence = news.listen();
        if (consequence != Neighbours.Consequence.NONE) {
            nextHops.doubt();
        }
        boolean look = consequence.compareTo(Neighbours.Consequence.LOOK) >= 0;
        if (look) {
            stations.look(attachments.devices());
        }
        return look;
    }

    /** Where the program shall be, from {@link #attach} on; it leaves other interfaces at once. */
    void want(Attachment attachment) {
        attachments.want(attachment);
        stations.accept(attachment.acceptMacs());
    }

    /** Attaches where the program is missing. It is told before which frames are for this host there. */
    void attach() {
        stations.look(attachments.devices());
        lookAtPorts();
        attachments.check();
        offloads.look(attachments.views(), System.nanoTime());
        refusals.look(attachments.attachedDevices(), System.nanoTime());
    }

    private void lookAtPorts() {
        takenPorts.look(listeners::specs, this::natSources, System.nanoTime());
    }

    private Set<InetAddress> natSources() {
        Set<InetAddress> sources = new HashSet<>(programs.wanted().options().natSources());
        sources.addAll(backends.ownAddresses());
        return sources;
    }

    /** True if settings of the host have changed that the program follows. */
    boolean watchSettings() {
        boolean changed = localPorts.check();
        if (changed) {
            programs.ports(localPorts.ports());
        }
        return programs.software(SoftwareLinks.any(NET, attachments.devices(), readings)) || changed;
    }

    /** What changes outside: interfaces, addresses, next hops. True if any answer of this object differs. One that fails does not keep the others. */
    boolean watch() {
        Each.of(
                List.<Runnable>of(this::attach, this::lookAtCards, vipAddresses::ensure, this::lookAtHops, ownPrograms::rest, this::keepPins),
                Runnable::run);
        Surroundings before = surroundings;
        surroundings = new Surroundings(attachments.views(), problems(), interfaceAddresses());
        boolean changed = hopsChanged || !surroundings.equals(before);
        hopsChanged = false;
        return changed;
    }

    private void lookAtCards() {
        Set<String> attached = attachments.attachedDevices();
        carriers.look(attached);
        news.watch(attachments.ifindexes(), carriers.carried().keySet());
        cpuAffinity.check(carriers.cardsOf(attached));
        symptoms.modes(attachments.views(), attachments.wantsGeneric());
    }

    private void lookAtHops() {
        Map<InetAddress, Optional<NextHop>> hops = nextHops.refresh();
        if (!hops.isEmpty()) {
            hopsChanged = true; // first: it may have been in part
            backends.hopsChanged(hops);
        }
        egress.follow(nextHops.interfaces(), attachments.ifindexes(), carriers.carried());
    }

    private void keepPins() {
        if (replacing.tryLock()) {
            try {
                List<PinKeeper.Held> held = new ArrayList<>(instance.held());
                held.add(PinKeeper.Held.program(instance.pins().program(), programs.running().program()));
                held.addAll(ownPrograms.held());
                attachments.whileHeld(links -> {
                    held.addAll(links);
                    keeper.keep(held);
                });
                // They lie in the same tree: while that cannot be mended there is no place for them either.
                int anew = keeper.problems().isEmpty() ? tables.repin() : 0;
                if (anew > 0) {
                    LOG.warn("{} lookup tables had lost their pins and are made anew", anew);
                }
            } finally {
                replacing.unlock();
            }
        }
    }

    /** Counts and reclaims; true if the program contains a method that may be removed now. */
    boolean sweep() {
        reclaim.run();
        return programs.methods().entrySet().stream().anyMatch(entry -> !entry.getValue().deployed()
                && programs.slot(entry.getKey()).stream().noneMatch(backends::usesSlot));
    }

    /** Whether connections are counted for limits, which wants a sweep more often. */
    boolean hasLimits() {
        return !limits.opened().isEmpty();
    }

    /** False if it failed: the old program runs on, and another attempt may succeed. */
    boolean updateProgram() {
        replacing.lock();
        try {
            return replaceProgram();
        } finally {
            replacing.unlock();
        }
    }

    private boolean replaceProgram() {
        Set<String> leaving = vipAddresses.leaving(); // asked first: what comes later may be for the program after this one
        boolean loom = programs.update(next -> ownPrograms.replaceLoom(next, attachments), backends::usesSlot);
        if (loom) {
            vipAddresses.release(leaving);
        }
        return ownPrograms.update(programs.running().program(), attachments) && loom;
    }

    OwnPrograms ownPrograms() {
        return ownPrograms;
    }

    Programs programs() {
        return programs;
    }

    Attachments attachments() {
        return attachments;
    }

    CpuAffinity cpuAffinity() {
        return cpuAffinity;
    }

    VipAnnouncement vips() {
        return vips;
    }

    VipAddresses vipAddresses() {
        return vipAddresses;
    }

    /** Addresses of the interfaces that are wanted: none that are link-local or that Loom put there itself. */
    Set<InetAddress> interfaceAddresses() {
        Set<InetAddress> addresses = new HashSet<>();
        attachments.devices().forEach(device -> addresses.addAll(HostAddresses.of(device)));
        addresses.removeAll(vipAddresses.assigned());
        return addresses;
    }

    Status.ProgramView program() {
        BpfProgram program = programs.running().program();
        return new Status.ProgramView(program.id(), program.tag(), program.name(), ownPrograms.views(), attachments.views());
    }

    Set<Protocol> protocols() {
        return programs.handled();
    }

    Map<String, MethodView> methods() {
        return programs.methods();
    }

    Telemetry.Counters counters() {
        return counters.read(programs.running().methods(), reclaim.last());
    }

    ConnectionPages connections() {
        return connections;
    }

    Tracer tracer() {
        return tracer;
    }

    List<Problem> problems() {
        return Stream.of(attachments.problems(), keeper.problems(), stations.problems(), offloads.problems(), refusals.problems(), opening,
                        egress.problems(), cpuAffinity.problems(), vipAddresses.problems(), symptoms.problems(), programs.problems(),
                        ownPrograms.problems(), ports.problems(programs.tuning().connections().maxEntries()), lookup.problems(),
                        readings.problems(), localPorts.problem().stream().toList(), Fallbacks.problems(listeners.specs(), readings),
                        MapSizes.differences(instance.maps(), programs.tuning(), instance.meta().get(MapSizes.REPLACED)))
                .flatMap(List::stream).toList();
    }

    /** Releases descriptors and the lock; what is pinned forwards on. */
    @Override
    public void close() {
        tracer.close();
        news.close();
        attachments.close();
        listeners.close();
        guards.close();
        backends.close();
        ownPrograms.close();
        programs.close();
        lookup.close();
        clock.close();
        instance.close();
    }
}
