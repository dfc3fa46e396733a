package io.loom.deploy.internal;

import io.loom.api.control.DeployedFile;
import io.loom.api.control.DeployedFile.State;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleException;

/** A file of the folder, what is in it, and what has become of that. Of the {@link Deployer}'s thread. */
final class Item {
    /** After so long a bundle that is being started or stopped hangs. */
    static final long DEADLINE_SECONDS = 5;
    /** A file that changes more often than this is being written. */
    private static final long QUIET_NANOS = 2_000_000_000L;
    private static final int LONGEST_REASON = 300;
    private static final Pattern MISSING = Pattern.compile("missing requirement \\[[^]]*\\]\\([^)]*\\)\\] (.*?)(?: Unresolved requirements.*)?$");

    final String file;
    Path path;
    boolean gone;
    /** What is in the file, if that is a bundle. */
    Optional<PluginJar> jar = Optional.empty();
    /** What is in the framework. */
    Optional<PluginJar> installed = Optional.empty();
    Optional<Bundle> bundle = Optional.empty();
    Optional<Errand> errand = Optional.empty();
    /** It is installed, and is to be started. */
    private boolean waits;
    /** The file that holds the same bundle; empty if it is this one's. */
    String owner = "";
    private String mark = "";
    private String fault = "";
    private boolean ignored;
    private Throwable failure;
    private long since;

    Item(String file) {
        this.file = file;
    }

    /** Takes in what the folder shows; true if that is something new. */
    boolean look(FolderEntry entry, Path scratch) {
        if (entry.mark().equals(mark)) {
            return false;
        }
        path = entry.path();
        mark = entry.mark();
        since = System.nanoTime();
        jar = Optional.empty();
        fault = entry.reason();
        ignored = !fault.isEmpty() && !entry.broken();
        if (fault.isEmpty()) {
            read(entry, scratch);
        }
        return true;
    }

    private void read(FolderEntry entry, Path scratch) {
        try {
            PluginJar found = PluginJar.read(path, scratch);
            if (FolderEntry.of(path).mark().equals(entry.mark())) {
                jar = Optional.of(found.light());
            } else {
                fault = "it changed while it was read";
                mark = "";
            }
        } catch (PluginJar.NoBundle no) {
            fault = no.getMessage();
        }
    }

    boolean isBusy() {
        return errand.isPresent();
    }

    boolean hangs() {
        return errand.isPresent() && errand.get().seconds() >= DEADLINE_SECONDS;
    }

    /** The file holds another bundle, or another content of it, than the framework. */
    boolean differs() {
        return jar.isPresent() && installed.isPresent() && !jar.get().digest().equals(installed.get().digest());
    }

    void installed(PluginJar content, Bundle theirs) {
        installed = Optional.of(content.light());
        bundle = Optional.of(theirs);
        waits = true;
        owner = "";
    }

    /** It is installed and does not run, for want of an attempt or because one has failed. */
    boolean mayStart() {
        return bundle.isPresent() && !isBusy() && (waits || failure != null);
    }

    void began(Errand start) {
        errand = Optional.of(start);
        failure = null;
        waits = false;
    }

    void failed(Throwable why) {
        failure = why;
    }

    /** Notes the end of an errand; true if there was one. */
    boolean follow() {
        if (errand.isEmpty() || !errand.get().isOver()) {
            return false;
        }
        failure = errand.get().failure();
        errand = Optional.empty();
        return true;
    }

    boolean hasFailed() {
        return failure != null && !isBusy();
    }

    /** Gives the bundle to another file that holds the same one. */
    void leaveTo(Item heir) {
        heir.installed = installed;
        heir.bundle = bundle;
        heir.failure = failure;
        heir.waits = waits;
        heir.owner = "";
        forget();
    }

    void forget() {
        installed = Optional.empty();
        bundle = Optional.empty();
        errand = Optional.empty();
        failure = null;
        waits = false;
    }

    DeployedFile view() {
        Optional<PluginJar> shown = installed.isPresent() ? installed : jar;
        String reason = reason();
        return new DeployedFile(file, shown.map(PluginJar::symbolicName).orElse(""),
                shown.map(content -> content.version().toString()).orElse(""), bundle.map(Bundle::getBundleId).orElse(0L), state(),
                reason.length() > LONGEST_REASON ? reason.substring(0, LONGEST_REASON) + "..." : reason);
    }

    private State state() {
        if (ignored) {
            return State.IGNORED;
        }
        if (isBusy()) {
            return hangs() ? State.HANGING : State.STARTING;
        }
        if (!fault.isEmpty()) {
            return System.nanoTime() - since < QUIET_NANOS ? State.WRITING : State.BROKEN;
        }
        if (!owner.isEmpty()) {
            return State.DUPLICATE;
        }
        if (failure != null) {
            return isUnresolved() ? State.UNRESOLVED : State.FAILED;
        }
        return bundle.isPresent() && !waits ? State.ACTIVE : State.STARTING;
    }

    private String reason() {
        if (isBusy()) {
            Errand now = errand.get();
            return hangs() ? "it does not come back: " + now.what() + " for " + now.seconds() + " s, at " + now.place() : "";
        }
        if (!fault.isEmpty()) {
            return fault + (bundle.isPresent() && !ignored ? "; what was in it before runs on until Loom is restarted" : "");
        }
        if (!owner.isEmpty()) {
            return "the same bundle as " + owner + "; it takes over when that goes";
        }
        return failure == null ? "" : told(failure);
    }

    private boolean isUnresolved() {
        return failure instanceof BundleException refused && refused.getType() == BundleException.RESOLVE_ERROR;
    }

    private String told(Throwable why) {
        if (isUnresolved()) {
            Matcher missing = MISSING.matcher(line(why.getMessage()));
            return missing.find() ? "it needs what is not there: " + missing.group(1) : line(why.getMessage());
        }
        Throwable cause = why instanceof BundleException && why.getCause() != null ? why.getCause() : why;
        try {
            return "it failed when it was started: " + line(cause.toString());
        } catch (Throwable theirs) {
            return "it failed when it was started: " + cause.getClass().getName();
        }
    }

    private static String line(String text) {
        return text == null ? "" : text.lines().findFirst().orElse("");
    }
}
