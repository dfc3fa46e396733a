package io.loom.datapath.internal;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.api.config.Attachment;
import io.loom.api.control.Status.AttachmentView;
import io.loom.libbpf.BpfException;
import io.loom.libbpf.BpfProgram;
import io.loom.libbpf.Kernel;
import io.loom.libbpf.XdpLink;
import io.loom.libbpf.XdpMode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The links between program and interfaces, one pinned for each. {@link #check} brings them in line with what is wanted and
 * what exists: a device that is absent is waited for, one that came anew is attached anew. Thread-safe.
 */
final class Attachments implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Attachments.class);

    private final PinTree pins;
    private final IntConsumer offload;
    private final Map<String, Attached> attached = new TreeMap<>();
    private final Map<String, Problem> problems = new TreeMap<>();
    /** Modes that a device refused since they are wanted: another try would cost packets each time. */
    private final Map<String, XdpMode> refused = new TreeMap<>();
    private Attachment wanted = new Attachment(List.of(), Attachment.Mode.NATIVE, false);
    private BpfProgram program;

    /** @param offload asks the driver of an interface whether its card runs the program; throws with the answer */
    Attachments(PinTree pins, BpfProgram program, IntConsumer offload) {
        this.pins = pins;
        this.program = program;
        this.offload = offload;
    }

    /** A link, and what it was made for. */
    private record Attached(XdpLink link, int ifindex, XdpMode mode, int linkId) {}

    /**
     * Takes over the pinned links.
     *
     * @param others programs that were about to replace the present one, or to be replaced by it, when the process died: links
     *               that have one get the present one
     */
    synchronized void adopt(List<BpfProgram> others) {
        for (Path pin : PinTree.pins(pins.links())) {
            String device = PinTree.device(pin);
            XdpLink link = XdpLink.open(pin);
            XdpLink.Info info = link.info();
            others.stream().filter(other -> other.id() == info.programId()).findFirst()
                    .ifPresent(other -> update(link, program, other));
            if (isGone(link) || link.info().programId() != program.id()) {
                LOG.info("the link of {} is of no use any more", device);
                drop(device, link);
            } else {
                XdpMode mode = XdpLink.modeInForce(info.ifindex()).orElse(XdpMode.NATIVE);
                attached.put(device, new Attached(link, info.ifindex(), mode, info.id()));
            }
        }
    }

    /** Interfaces that are not wanted any more lose the program at once; the rest is up to {@link #check}. */
    synchronized void want(Attachment attachment) {
        if (!attachment.equals(wanted)) {
            refused.clear();
        }
        wanted = attachment;
        problems.keySet().retainAll(attachment.interfaces());
        for (String device : List.copyOf(attached.keySet())) {
            if (!attachment.interfaces().contains(device)) {
                detach(device);
            }
        }
    }

    private void detach(String device) {
        Attached gone = attached.remove(device);
        gone.link().detach();
        drop(device, gone.link());
        LOG.info("detached from {}", device);
    }

    private boolean fits(XdpMode mode) {
        return mode == mode(wanted.mode()) || wanted.genericFallback() && mode == XdpMode.GENERIC;
    }

    private static XdpMode mode(Attachment.Mode mode) {
        return XdpMode.valueOf(mode.name());
    }

    private void drop(String device, XdpLink link) {
        PinTree.remove(pins.link(device));
        link.close();
    }

    /** Attaches where the program is missing. */
    synchronized void check() {
        for (String device : wanted.interfaces()) {
            OptionalInt ifindex = Kernel.interfaceIndex(device);
            Attached present = attached.get(device);
            if (present != null && (ifindex.isEmpty() || present.link().info().ifindex() != ifindex.getAsInt())) {
                attached.remove(device);
                drop(device, present.link());
                LOG.info("interface {} is gone or another one", device);
            }
            if (ifindex.isEmpty()) {
                report(device, Problem.of(
                        "LOOM-1201", "interface " + device + " does not exist", "",
                        "create it, or correct ebpf.interface; Loom attaches as soon as it appears"));
            } else if (!attached.containsKey(device)) {
                attach(device, ifindex.getAsInt());
            } else if (!fits(attached.get(device).mode())) {
                changeMode(device, ifindex.getAsInt());
            } else if (attached.get(device).mode() == mode(wanted.mode())) {
                problems.remove(device);
            } else {
                problems.putIfAbsent(device, generic(device, "it was attached so before"));
            }
        }
    }

    /** A device has one program: between the two modes it has none for a moment. A mode that it refuses leaves it the old one. */
    private void changeMode(String device, int ifindex) {
        XdpMode before = attached.get(device).mode();
        XdpMode mode = mode(wanted.mode());
        if (refused.get(device) == mode || mode == XdpMode.OFFLOAD && !wanted.genericFallback() && declines(device, ifindex)) {
            return;
        }
        detach(device);
        attach(device, ifindex);
        if (!attached.containsKey(device)) {
            refused.put(device, mode);
            attach(device, ifindex, before);
        }
    }

    /** The driver is asked before anything is taken off. */
    private boolean declines(String device, int ifindex) {
        try {
            offload.accept(ifindex);
            return false;
        } catch (BpfException answer) {
            refused.put(device, XdpMode.OFFLOAD);
            report(device, cannotAttach(device, XdpMode.OFFLOAD, answer));
            return true;
        }
    }

    private void attach(String device, int ifindex) {
        XdpMode mode = mode(wanted.mode());
        try {
            attach(device, ifindex, mode);
            problems.remove(device);
        } catch (BpfException failure) {
            Problem problem = cannotAttach(device, mode, failure);
            if (!wanted.genericFallback() || !attachGeneric(device, ifindex, problem)) {
                report(device, problem);
            }
        }
    }

    private void report(String device, Problem problem) {
        if (!problem.equals(problems.put(device, problem))) {
            LOG.warn("{}", problem);
        }
    }

    private boolean attachGeneric(String device, int ifindex, Problem refused) {
        try {
            attach(device, ifindex, XdpMode.GENERIC);
            report(device, generic(device, refused.text()));
            return true;
        } catch (BpfException alsoRefused) {
            LOG.debug("generic mode is refused as well", alsoRefused);
            return false;
        }
    }

    private static Problem generic(String device, String why) {
        return Problem.of("LOOM-1202", device + " runs in generic mode, as xdp.fallback allows", why,
                "it works so, more slowly; to have the wanted mode tried again when the cause is mended, take xdp.fallback out of the file");
    }

    private void attach(String device, int ifindex, XdpMode mode) {
        PinTree.remove(pins.link(device));
        if (mode == XdpMode.OFFLOAD) {
            offload.accept(ifindex);
        }
        XdpLink link = XdpLink.attach(program, ifindex, mode);
        try {
            link.pin(pins.link(device));
        } catch (RuntimeException failure) {
            link.close();
            throw failure;
        }
        attached.put(device, new Attached(link, ifindex, mode, link.info().id()));
        LOG.info("attached to {} ({})", device, text(mode));
    }

    private static Problem cannotAttach(String device, XdpMode mode, BpfException failure) {
        Problem cause = failure.problems().get(0);
        return Problem.of(
                "LOOM-1203", "cannot attach XDP to " + device + " (" + text(mode) + ")", cause.why(), cause.fix());
    }

    private static String text(XdpMode mode) {
        return mode.name().toLowerCase(Locale.ROOT);
    }

    /**
     * Replaces the program on all interfaces; each packet meets the old one or the new one.
     *
     * @throws LoomException after putting the old one back wherever the new one was already
     */
    synchronized void replace(BpfProgram next) {
        List<XdpLink> replaced = new ArrayList<>();
        try {
            for (Attached one : attached.values()) {
                if (update(one.link(), next, program)) {
                    replaced.add(one.link());
                }
            }
            program = next;
        } catch (BpfException failure) {
            replaced.forEach(link -> update(link, program, next));
            throw failure;
        }
    }

    /** @return false if the link's device is gone, which may happen at any time: there is nothing to update then, and {@link #check} deals with it */
    private static boolean update(XdpLink link, BpfProgram next, BpfProgram present) {
        if (isGone(link)) {
            return false;
        }
        try {
            link.update(next, present);
            return true;
        } catch (BpfException failure) {
            if (isGone(link)) {
                return false;
            }
            throw failure;
        }
    }

    private static boolean isGone(XdpLink link) {
        return link.info().ifindex() == 0;
    }

    /** Shows the links of devices that are there, which must be pinned, while none comes or goes: one that is being taken off must not be pinned again. */
    synchronized void whileHeld(Consumer<List<PinKeeper.Held>> look) {
        look.accept(attached.entrySet().stream().filter(one -> !isGone(one.getValue().link()))
                .map(one -> PinKeeper.Held.link(pins.link(one.getKey()), one.getValue().link())).toList());
    }

    /** The interface that gets vip addresses: the first. */
    synchronized Optional<String> firstDevice() {
        return wanted.interfaces().stream().findFirst();
    }

    /** Where the program is. */
    synchronized Set<String> attachedDevices() {
        return Set.copyOf(attached.keySet());
    }

    synchronized boolean wantsGeneric() {
        return wanted.mode() == Attachment.Mode.GENERIC;
    }

    synchronized List<String> devices() {
        return wanted.interfaces();
    }

    synchronized Set<Integer> ifindexes() {
        return attached.values().stream().map(Attached::ifindex).collect(Collectors.toSet());
    }

    synchronized List<AttachmentView> views() {
        List<AttachmentView> views = new ArrayList<>();
        for (String device : wanted.interfaces()) {
            Attached one = attached.get(device);
            String problem = Optional.ofNullable(problems.get(device)).map(Problem::text).orElse("");
            views.add(one == null
                    ? new AttachmentView(device, Kernel.interfaceIndex(device).orElse(0), "none", 0, problem)
                    : new AttachmentView(device, one.ifindex(), text(one.mode()), one.linkId(), problem,
                            one.link().info().programId()));
        }
        return views;
    }

    synchronized List<Problem> problems() {
        return List.copyOf(problems.values());
    }

    /** Releases descriptors; pinned links stay. */
    @Override
    public synchronized void close() {
        attached.values().forEach(one -> one.link().close());
    }
}
