package io.loom.config.internal.watch;

import io.loom.api.Problem;
import io.loom.api.config.ConfigSource;
import io.loom.api.config.LoomConfig;
import io.loom.config.internal.Code;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;

/**
 * The configuration service of a running appliance. The framework property {@code loom.config} names the file. A first version
 * that is refused ends the process with status 2: nothing runs yet that would be worth keeping.
 */
@Component(service = ConfigSource.class, immediate = true)
public final class ConfigComponent implements ConfigSource {
    static final String PROPERTY = "loom.config";
    private static final int REFUSED = 2;

    private final WatchedFile file;
    private Optional<Signals> signals = Optional.empty();

    @Activate
    public ConfigComponent(BundleContext context) {
        this(context.getProperty(PROPERTY), new Refusal(System.err, System::exit));
        if (file != null) {
            signals = Optional.of(new Signals(file::reread));
        }
    }

    ConfigComponent(String path, Refusal refusal) {
        if (path == null || path.isBlank()) {
            file = null;
            refusal.end(List.of(Problem.of(Code.NO_FILE.text(), "no configuration file", "the property " + PROPERTY + " is not set",
                    "start with loomd --config FILE")), REFUSED);
            return;
        }
        file = new WatchedFile(new ConfigFile(Path.of(path)));
        if (file.current().isEmpty()) {
            refusal.end(file.rejected(), REFUSED);
        } else {
            file.start();
        }
    }

    @Deactivate
    void deactivate() {
        signals.ifPresent(Signals::close);
        if (file != null) {
            file.close();
        }
    }

    @Override
    public Optional<LoomConfig> current() {
        return file == null ? Optional.empty() : file.current();
    }

    @Override
    public List<Problem> rejected() {
        return file == null ? List.of() : file.rejected();
    }

    @Override
    public String location() {
        return file == null ? "" : file.location();
    }

    @Override
    public AutoCloseable subscribe(Listener listener) {
        return file == null ? () -> { } : file.subscribe(listener);
    }
}
