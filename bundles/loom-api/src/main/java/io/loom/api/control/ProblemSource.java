package io.loom.api.control;

import io.loom.api.Problem;
import java.util.List;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Somebody with problems that last, such as a listener that cannot be bound. Registered as a service; the control plane shows
 * its problems in {@link Status#warnings} for as long as they are there.
 */
@ConsumerType
@FunctionalInterface
public interface ProblemSource {
    /** Those of this moment. Any thread; must answer at once. */
    List<Problem> problems();
}
