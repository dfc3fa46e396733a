package io.loom.api.control;

import io.loom.api.Problem;
import java.util.List;
import org.osgi.annotation.versioning.ProviderType;

/** The folder of plugins: bundles are installed, replaced and removed as their files are. Thread-safe; never waits. */
@ProviderType
public interface Deployment {

    /** Every file that is there, by name. */
    List<DeployedFile> files();

    /** What is wrong with files, until it is mended. */
    List<Problem> problems();

    /** True once what was there at the start has been started, or has been given up waiting for. */
    boolean isSettled();
}
