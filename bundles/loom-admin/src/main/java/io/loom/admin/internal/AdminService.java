package io.loom.admin.internal;

import io.loom.api.LoomException;
import io.loom.api.config.ConfigSource;
import io.loom.api.config.LoomConfig;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Serves REST where the configuration says, follows it, and announces that the appliance is ready. */
@Component(service = {}, immediate = true)
public final class AdminService {
    private static final Logger LOG = LoggerFactory.getLogger(AdminService.class);
    private static final long SSH_MILLIS = 10_000;
    private static final int EXIT_CANNOT_LISTEN = 3;
    /** Set once the line is printed, so that a restart of this bundle does not print it again. */
    private static final String ANNOUNCED = "loom.ready.announced";

    private final Appliance appliance;
    private final RestService rest;
    private final AutoCloseable subscription;
    private volatile Set<String> names = Set.of();
    private Thread watch;

    @Activate
    public AdminService(@Reference ConfigSource config, @Reference Appliance appliance, @Reference AdminProblems problems) {
        this.appliance = appliance;
        OwnNames own = new OwnNames();
        RestServer.Manners manners = new RestServer.Manners(name -> names.contains(name) || own.test(name));
        rest = new RestService(new Router(routes(appliance)), manners, AdminService::endProcess);
        problems.of(rest::problems);
        subscription = config.subscribe(this::follow);
    }

    @Deactivate
    synchronized void stop() throws Exception {
        subscription.close();
        if (watch != null) {
            watch.interrupt();
        }
        rest.close();
    }

    private static List<Route> routes(Appliance appliance) {
        return Stream.of(new BackendRoutes(appliance).routes(), new ConnectionRoute(appliance).routes(), new ViewRoutes(appliance).routes(),
                        new TraceRoute(appliance).routes())
                .flatMap(List::stream).toList();
    }

    private synchronized void follow(LoomConfig config) {
        names = Set.copyOf(config.admin().names());
        rest.listen(config.admin().rest());
        if (watch == null) {
            ReadyWatch waiting = new ReadyWatch(appliance, rest::address, config.admin().ssh(), SSH_MILLIS,
                    AdminService::announce, line -> print(line.text()), ManagementFactory.getRuntimeMXBean().getStartTime());
            watch = new Thread(waiting, "loom-ready");
            watch.setDaemon(true);
            watch.start();
        }
    }

    private static void announce(ReadyLine line) {
        if (System.getProperties().putIfAbsent(ANNOUNCED, "true") == null) {
            print(line.text());
        }
    }

    /** Standard output is where whoever started the process waits for it, whatever the log is set to. */
    private static void print(String line) {
        System.out.println(line);
        System.out.flush();
    }

    private static void endProcess(LoomException failure) {
        LOG.error("{}", failure.getMessage());
        System.err.println("loomd: " + failure.getMessage());
        // Not on this thread: it holds the component runtime, which the shutdown has to stop.
        Thread exit = new Thread(() -> System.exit(EXIT_CANNOT_LISTEN), "loom-exit");
        exit.setDaemon(true);
        exit.start();
    }
}
