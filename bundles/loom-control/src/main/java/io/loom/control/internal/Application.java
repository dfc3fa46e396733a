package io.loom.control.internal;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.control.dataplane.Change;
import io.loom.control.dataplane.DataPlane;
import io.loom.control.dataplane.ListenerKey;
import io.loom.control.dataplane.ListenerSpec;
import io.loom.control.dataplane.TableKey;
import io.loom.control.dataplane.TableNotBuilt;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries out a list of changes in its order. A table that its algorithm, which may be anybody's code, does not make is a matter
 * of its own vips: where there is none in force it holds up their listeners, and that is all. One that the kernel does not take
 * holds up backends too, which the table in force may still name; other vips go on. So they do where a listener finds no room
 * in the kernel: what is removed after it makes some, for the next attempt. A listener that is held up keeps the table that it
 * has.
 */
final class Application {
    private static final Logger LOG = LoggerFactory.getLogger(Application.class);

    private final DataPlane plane;
    private final SortedMap<ListenerKey, ListenerSpec> before;
    private final Set<TableKey> notBuilt = new HashSet<>();
    private final Set<TableKey> stillUsed = new HashSet<>();
    private final List<TableKey> unflushed = new ArrayList<>();
    private final List<Problem> problems = new ArrayList<>();
    private final SortedMap<TableKey, TableNotBuilt> unbuilt = new TreeMap<>();
    private final Set<TableKey> toCome = new HashSet<>();
    private boolean begun;

    /** @param before listeners in the kernel */
    Application(DataPlane plane, SortedMap<ListenerKey, ListenerSpec> before) {
        this.plane = plane;
        this.before = before;
    }

    /** @throws LoomException at the first failure that is no table's or listener's, else at the end with those of all of them */
    void run(List<Change> changes) {
        Class<?> kind = Change.class;
        changes.forEach(change -> toCome.addAll(tables(change)));
        for (Change change : changes) {
            if (change.getClass() != kind) {
                flush();
                kind = change.getClass();
            }
            if (!isHeldUp(change)) {
                LOG.debug("{}", change);
                begun = true;
                apply(change);
            }
        }
        flush();
        if (!problems.isEmpty()) {
            throw new LoomException(problems, null);
        }
    }

    /**
     * Tables that their algorithms have not made, when {@link #run} has ended.
     *
     * @param former those of the run before: what that said holds for those that this one did not come to
     */
    SortedMap<TableKey, TableNotBuilt> unbuilt(SortedMap<TableKey, TableNotBuilt> former) {
        SortedMap<TableKey, TableNotBuilt> all = new TreeMap<>(former);
        all.keySet().retainAll(toCome);
        all.putAll(unbuilt);
        return all;
    }

    private static List<TableKey> tables(Change change) {
        return change instanceof Change.PutTable put ? put.tables() : List.of();
    }

    private void apply(Change change) {
        toCome.removeAll(tables(change));
        try {
            plane.applyLater(change);
            unflushed.addAll(tables(change));
        } catch (TableNotBuilt failure) {
            List<TableKey> tables = ((Change.PutTable) change).tables();
            tables.forEach(table -> unbuilt.put(table, failure));
            if (!failure.isForwarding()) {
                notBuilt.addAll(tables);
            }
        } catch (LoomException failure) {
            if (change instanceof Change.PutTable put) {
                notBuilt.addAll(put.tables());
                failure.problems().stream().filter(problem -> !problems.contains(problem)).forEach(problems::add);
            } else if (change instanceof Change.PutListener put) {
                keep(put.listener());
                failure.problems().stream().filter(this::isNews).forEach(problems::add);
            } else {
                throw failure;
            }
        }
    }

    /**
     * Changes of one kind reach the kernel together. Of tables that do so, those that the kernel did not take cannot be told. What fails before any
     * change is what an earlier attempt has left, and holds up no more while it lasts.
     */
    private void flush() {
        try {
            plane.flush();
        } catch (LoomException failure) {
            if (begun && unflushed.isEmpty() && !problems.containsAll(failure.problems())) {
                throw failure;
            }
            notBuilt.addAll(unflushed);
            failure.problems().stream().filter(problem -> !problems.contains(problem)).forEach(problems::add);
        }
        unflushed.clear();
    }

    /** One of a kind is enough: thousands of listeners may lack the same thing. */
    private boolean isNews(Problem problem) {
        return problems.stream().noneMatch(known -> known.code().equals(problem.code()));
    }

    private boolean isHeldUp(Change change) {
        if (change instanceof Change.PutListener put && notBuilt.contains(put.spec().table())) {
            keep(put.listener());
            return true;
        }
        return change instanceof Change.RemoveTable gone && stillUsed.contains(gone.table())
                || change instanceof Change.RemoveBackend && !problems.isEmpty();
    }

    private void keep(ListenerKey listener) {
        if (before.containsKey(listener)) {
            stillUsed.add(before.get(listener).table());
        }
    }
}
