package io.loom.deploy.internal;

import io.loom.api.Problem;
import io.loom.api.control.DeployedFile;
import io.loom.api.control.Deployment;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the installed bundles in line with the folder: looks at it again and again, one thread. A bundle belongs to the file
 * that brought it; another file with the same one (name and version) waits until that goes, and takes it over as it is.
 */
final class Deployer implements Deployment, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Deployer.class);

    private static final long POLL_MILLIS = 250;
    /** How long the others wait for a bundle to start; it may go on beside them. */
    private static final long PATIENCE_MILLIS = 1_000;
    /** Of all bundles together that are there at the start. */
    private static final long FIRST_PATIENCE_MILLIS = 3_000;
    private static final long COMPONENTS_MILLIS = 10_000;

    private final Path folder;
    private final Path scratch;
    private final BooleanSupplier ready;
    private final SortedMap<String, Item> items = new TreeMap<>();
    /** What does not come back, though its file has gone or holds another bundle now. */
    private final ConcurrentHashMap<Bundle, Errand> hopeless = new ConcurrentHashMap<>();
    private final Bundles bundles;
    private final Thread thread = new Thread(this::run, "loom-deploy");
    private long patience = FIRST_PATIENCE_MILLIS;
    private boolean again;
    private volatile List<DeployedFile> files = List.of();
    private volatile Optional<Problem> unreadable = Optional.empty();
    private volatile boolean settled;
    private volatile boolean closed;

    /**
     * @param scratch a file for its own use
     * @param ready   whether bundles may be started: components are found by a bundle of their own
     */
    Deployer(BundleContext context, Path folder, Path scratch, BooleanSupplier ready) {
        this.folder = folder;
        this.scratch = scratch;
        this.ready = ready;
        this.bundles = new Bundles(context, hopeless.keySet());
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    private void run() {
        try {
            for (long waited = 0; !ready.getAsBoolean() && waited < COMPONENTS_MILLIS; waited += 10) {
                Thread.sleep(10);
            }
            while (!closed) {
                look();
                settled = true;
                Thread.sleep(POLL_MILLIS);
            }
        } catch (InterruptedException closing) {
            LOG.debug("the folder is watched no more", closing);
        } finally {
            settled = true;
        }
    }

    /** One look, and what follows from it. */
    private void look() {
        try {
            boolean news = compare(FolderEntry.list(folder));
            unreadable = Optional.empty();
            for (Item item : items.values()) {
                news |= item.follow();
            }
            hopeless.values().removeIf(Errand::isOver);
            if (news || again) {
                again = false;
                release();
                take();
            }
        } catch (IOException failure) {
            unreadable = Optional.of(Problem.of("LOOM-4115", "the folder " + folder + " cannot be listed",
                    failure.toString(), "make it readable; what runs goes on"));
        } catch (RuntimeException bug) {
            LOG.error("a look at {} failed and will be repeated", folder, bug);
            again = true;
        }
        publish();
    }

    private boolean compare(SortedMap<String, FolderEntry> entries) {
        boolean news = false;
        for (Item item : items.values()) {
            if (!entries.containsKey(item.file) && !item.gone) {
                item.gone = true;
                news = true;
            }
        }
        for (var entry : entries.entrySet()) {
            Item item = items.computeIfAbsent(entry.getKey(), Item::new);
            news |= item.gone | item.look(entry.getValue(), scratch);
            item.gone = false;
        }
        return news;
    }

    /** Bundles whose file has gone, or holds something else now. */
    private void release() {
        for (Item item : List.copyOf(items.values())) {
            if (item.bundle.isPresent() && (item.gone || item.differs())) {
                if (item.isBusy() && !item.hangs()) {
                    again = true;
                } else if (item.hangs()) {
                    abandon(item);
                } else {
                    release(item);
                }
            }
            if (item.gone && item.bundle.isEmpty()) {
                items.remove(item.file);
            }
        }
    }

    private void abandon(Item item) {
        LOG.warn("the bundle of {} does not come back and is left alone", item.file);
        hopeless.put(item.bundle.get(), item.errand.get());
        item.forget();
    }

    private void release(Item item) {
        String identity = item.installed.get().identity();
        Optional<Item> heir = items.values().stream()
                .filter(other -> !other.gone && other.bundle.isEmpty() && other.jar.isPresent()
                        && other.jar.get().identity().equals(identity)).findFirst();
        if (heir.isPresent()) {
            LOG.info("{} takes over the bundle of {}", heir.get().file, item.file);
            item.leaveTo(heir.get());
            again |= heir.get().differs();
        } else if (!item.gone && isSuccessor(item)) {
            replace(item);
        } else {
            LOG.info("the bundle of {} is removed", item.file);
            Errand errand = bundles.uninstall(item.file, item.bundle.get());
            if (!await(errand)) {
                hopeless.put(item.bundle.get(), errand);
            }
            item.forget();
        }
    }

    /** Whether its new content may take the place of the old one. */
    private boolean isSuccessor(Item item) {
        PluginJar next = item.jar.get();
        return next.symbolicName().equals(item.installed.get().symbolicName())
                && owner(next.identity()).filter(other -> other != item).isEmpty();
    }

    private Optional<Item> owner(String identity) {
        return items.values().stream()
                .filter(item -> item.bundle.isPresent() && item.installed.get().identity().equals(identity)).findFirst();
    }

    private void replace(Item item) {
        content(item).ifPresent(jar -> {
            LOG.info("the bundle of {} is replaced by version {}", item.file, jar.version());
            item.installed(jar, item.bundle.get());
            item.began(bundles.update(item.file, item.bundle.get(), jar));
            await(item);
        });
    }

    /** Files whose bundle is not there yet, and bundles that could not start before: what they need may have come. */
    private void take() {
        items.values().stream().filter(item -> !item.gone && item.bundle.isEmpty() && item.jar.isPresent())
                .forEach(item -> install(item, item.jar.get()));
        items.values().stream().filter(item -> !item.gone && item.mayStart()).forEach(item -> {
            item.began(bundles.start(item.file, item.bundle.get()));
            await(item);
        });
    }

    private void install(Item item, PluginJar found) {
        item.owner = owner(found.identity()).map(other -> other.file).orElse("");
        if (!item.owner.isEmpty()) {
            return;
        }
        content(item).ifPresent(jar -> {
            try {
                item.installed(jar, bundles.install(item.file, jar));
            } catch (BundleException refused) {
                boolean taken = refused.getType() == BundleException.DUPLICATE_BUNDLE_ERROR;
                item.failed(taken ? new BundleException("there is " + jar.identity() + " already: " + bundles.holder(jar)) : refused);
            }
        });
    }

    /** What was seen in the file, with its content; empty if it is not the same any more. */
    private Optional<PluginJar> content(Item item) {
        try {
            PluginJar now = PluginJar.read(item.path, scratch);
            again |= !now.digest().equals(item.jar.get().digest());
            return Optional.of(now).filter(jar -> jar.digest().equals(item.jar.get().digest()));
        } catch (PluginJar.NoBundle changed) {
            again = true;
            return Optional.empty();
        }
    }

    private void await(Item item) {
        if (await(item.errand.get())) {
            item.follow();
            if (!item.hasFailed()) {
                LOG.info("{}: {} {} runs", item.file, item.installed.get().symbolicName(), item.installed.get().version());
            }
        }
    }

    private boolean await(Errand errand) {
        long began = System.nanoTime();
        boolean over = errand.await(settled ? PATIENCE_MILLIS : Math.min(PATIENCE_MILLIS, patience));
        patience -= settled ? 0 : (System.nanoTime() - began) / 1_000_000;
        return over;
    }

    private void publish() {
        List<DeployedFile> before = files;
        List<DeployedFile> now = new ArrayList<>();
        items.values().forEach(item -> {
            if (item.hangs()) {
                item.errand.get().interrupt();
            }
            now.add(item.view());
        });
        files = List.copyOf(now);
        now.stream().filter(file -> file.state().isProblem() && before.stream()
                        .noneMatch(old -> old.file().equals(file.file()) && old.state() == file.state()))
                .forEach(file -> LOG.warn("{}", problem(file)));
    }

    @Override
    public List<DeployedFile> files() {
        return files;
    }

    @Override
    public List<Problem> problems() {
        List<Problem> problems = new ArrayList<>(unreadable.stream().toList());
        files.stream().filter(file -> file.state().isProblem()).map(Deployer::problem).forEach(problems::add);
        hopeless.forEach((bundle, errand) -> problems.add(Problem.of("LOOM-4116",
                "bundle " + bundle.getSymbolicName() + " does not come back, and its file has gone or has been replaced",
                errand.what() + " for " + errand.seconds() + " s, at " + errand.place(), "restart loomd to be rid of it")));
        return problems;
    }

    private static Problem problem(DeployedFile file) {
        return file.state() == DeployedFile.State.HANGING
                ? Problem.of("LOOM-4116", "the bundle of deploy/" + file.file() + " hangs", file.reason(),
                        "replace the file by a version that starts, or remove it")
                : Problem.of("LOOM-4115", "deploy/" + file.file() + " is not in use", file.reason(),
                        "replace the file, or remove it");
    }

    /** What people should know of when the process does not end: what is at work. */
    List<String> busy() {
        List<String> names = new ArrayList<>();
        hopeless.values().stream().filter(errand -> !errand.isOver()).forEach(errand -> names.add(errand.what() + ", at " + errand.place()));
        files.stream().filter(file -> file.state() == DeployedFile.State.HANGING)
                .forEach(file -> names.add(file.file() + ": " + file.reason()));
        return names;
    }

    @Override
    public boolean isSettled() {
        return settled;
    }

    /** Installed bundles stay; the framework stops them. */
    @Override
    public void close() {
        closed = true;
        thread.interrupt();
    }
}
