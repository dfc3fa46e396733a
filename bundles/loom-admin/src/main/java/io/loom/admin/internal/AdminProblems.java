package io.loom.admin.internal;

import io.loom.api.Problem;
import io.loom.api.control.ProblemSource;
import java.util.List;
import java.util.function.Supplier;
import org.osgi.service.component.annotations.Component;

/** Problems of REST, for the status. Needs nothing itself: the control plane, whose status REST shows, waits for it. */
@Component(service = {ProblemSource.class, AdminProblems.class})
public final class AdminProblems implements ProblemSource {
    private volatile Supplier<List<Problem>> source = List::of;

    void of(Supplier<List<Problem>> next) {
        source = next;
    }

    @Override
    public List<Problem> problems() {
        return source.get();
    }
}
