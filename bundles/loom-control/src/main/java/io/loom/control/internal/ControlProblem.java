package io.loom.control.internal;

import io.loom.api.Endpoint;
import io.loom.api.LoomException;
import io.loom.api.Problem;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** Every error of the control plane, in one place: LOOM-3xxx, and what a file could be refused for as well. Codes and meanings: docs/errors.md. */
final class ControlProblem {
    private ControlProblem() {}

    static LoomException badUpstream(String name, Collection<String> choices) {
        String why = name.isEmpty()
                ? "there is no upstream named default, and more or fewer than one other"
                : "there is no upstream named " + name;
        String fix = choices.isEmpty()
                ? "define an upstream in the configuration file"
                : "give upstream as one of " + String.join(", ", choices);
        return new LoomException(
                new Problem("LOOM-3400", "$.upstream", "cannot tell which upstream is meant", why, fix));
    }

    static LoomException takenAddress(Endpoint endpoint, String owner) {
        return new LoomException(new Problem(
                "LOOM-3419", "$.address", endpoint + " cannot be a backend", "the file gives its address to " + owner,
                "give the address of a server"));
    }

    static LoomException unknownId(int id) {
        return new LoomException(Problem.of(
                "LOOM-3404", "there is no backend " + id, "", "list them with GET /ebpf/backends or loom:backend-list"));
    }

    static LoomException duplicate(ServerRef ref, int id) {
        return new LoomException(Problem.of(
                "LOOM-3409", "upstream " + ref.upstream() + " already has " + ref.endpoint(), "it is backend " + id,
                "change that one (PATCH /ebpf/backends/" + id + ")"));
    }

    static Problem storeNotWritten(String path, Exception cause) {
        return Problem.of("LOOM-3501", "cannot write " + path, describe(cause), "free or repair the data directory");
    }

    static Problem storeMovedAside(String path, String aside, Exception cause) {
        return Problem.of(
                "LOOM-3502", "runtime changes in " + path + " are unreadable and not in force", describe(cause),
                "the file is kept as " + aside + "; make the changes again");
    }

    /** The kernel refused: the problems of the data path, under a first one that says what it means for the caller. */
    static LoomException notApplied(List<Problem> causes) {
        List<Problem> all = new ArrayList<>();
        all.add(Problem.of(
                "LOOM-3503", "the change was not made", "the data path refused it", "see the next problem; then try again"));
        all.addAll(causes);
        return new LoomException(all, null);
    }

    static LoomException late(long seconds) {
        return new LoomException(Problem.of(
                "LOOM-3504", "the change is not in the kernel after " + seconds + " s", "the data path is busy",
                "it may still be made: look at the backend before you try again"));
    }

    static LoomException notRunning(String waiting) {
        return new LoomException(Problem.of(
                "LOOM-3505", "no changes can be made now", waiting, "try again when loom:status says ready"));
    }

    static Problem retrying(List<Problem> causes) {
        return Problem.of(
                "LOOM-3506", "the kernel does not match the configuration",
                String.join(" | ", causes.stream().map(Problem::toString).toList()), "it is tried again by itself");
    }

    static Problem unexpected(RuntimeException failure) {
        return Problem.of(
                "LOOM-3507", "unexpected failure in the control plane", describe(failure), "please report it with the log");
    }

    static Problem idTaken(ServerRef ref, int wanted, int given) {
        return Problem.of(
                "LOOM-3508", "backend " + ref + " has id " + given + ", not " + wanted,
                "a backend that was added at run time has that id", "choose another id in the file");
    }

    static Problem orphan(ServerRef ref, int id) {
        return Problem.of(
                "LOOM-3509", "backend " + id + " (" + ref.endpoint() + "), added at run time, is not in use",
                "the file has no upstream " + ref.upstream(), "remove the backend or bring the upstream back");
    }

    static Problem degraded(String vip, Degradation reason) {
        return Problem.of("LOOM-3510", "vip " + vip + " is degraded", reason.why(), reason.fix());
    }

    static Problem atOwnAddress(ServerRef ref, int id, String owner) {
        return Problem.of(
                "LOOM-3512", "backend " + id + " (" + ref.endpoint() + "), added at run time, is no server",
                "the file gives its address to " + owner + "; it gets no connections", "remove the backend, or take its address out of the file");
    }

    static LoomException full(int count) {
        return new LoomException(Problem.of(
                "LOOM-2028", "there is no room for another backend", "there are " + count + ", as many as ebpf.maps.backends.max_entries says",
                "remove one, or raise ebpf.maps.backends.max_entries and restart loomd"));
    }

    static LoomException noIdsLeft() {
        return new LoomException(Problem.of(
                "LOOM-3511", "no backend id is left", "the highest possible id is in use", "give smaller ids in the file"));
    }

    private static String describe(Exception cause) {
        if (cause instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (cause instanceof FileSystemException file && file.getReason() != null) {
            return file.getReason();
        }
        return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    }
}
