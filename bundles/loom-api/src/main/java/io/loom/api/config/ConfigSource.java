package io.loom.api.config;

import io.loom.api.Problem;
import java.util.List;
import java.util.Optional;
import org.osgi.annotation.versioning.ProviderType;

/** The configuration file that {@code loomd --config} names; loom-config watches it. */
@ProviderType
public interface ConfigSource {

    /** The last good snapshot; empty until there was one. */
    Optional<LoomConfig> current();

    /** Problems of the newest version of the file; empty if it is the one in force. */
    List<Problem> rejected();

    /** The file, for messages. */
    String location();

    /** Receives every good snapshot, the current one at once; on the watcher's thread. Close to stop. */
    AutoCloseable subscribe(Listener listener);

    /** Called with each new good snapshot. */
    interface Listener {
        void accept(LoomConfig config);
    }
}
