package io.loom.control.internal;

import io.loom.api.LoomException;
import io.loom.api.Problem;
import io.loom.control.dataplane.Change;
import io.loom.control.dataplane.DataPlane;
import io.loom.control.dataplane.TableKey;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries out a list of changes in its order. A table that cannot be built, by an algorithm that may be anybody's code, holds
 * up its own listeners, and backends that the table in force may still name; other vips go on.
 */
final class Application {
    private static final Logger LOG = LoggerFactory.getLogger(Application.class);

    private final DataPlane plane;
    private final Set<TableKey> notBuilt = new HashSet<>();
    private final List<Problem> problems = new ArrayList<>();

    Application(DataPlane plane) {
        this.plane = plane;
    }

    /** @throws LoomException at the first failure that is not a table's, else at the end with those of all tables */
    void run(List<Change> changes) {
        for (Change change : changes) {
            if (isHeldUp(change)) {
                continue;
            }
            LOG.debug("{}", change);
            try {
                plane.apply(change);
            } catch (LoomException failure) {
                if (!(change instanceof Change.PutTable put)) {
                    throw failure;
                }
                notBuilt.add(put.table());
                failure.problems().stream().filter(problem -> !problems.contains(problem)).forEach(problems::add);
            }
        }
        if (!problems.isEmpty()) {
            throw new LoomException(problems, null);
        }
    }

    private boolean isHeldUp(Change change) {
        return change instanceof Change.PutListener put && notBuilt.contains(put.spec().table())
                || change instanceof Change.RemoveBackend && !notBuilt.isEmpty();
    }
}
