package io.loom.admin.internal;

import io.loom.api.LoomException;
import io.loom.api.control.LoomControl;
import io.loom.api.control.Status;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waits until the appliance is ready, then announces it once. Until then it tells the log every ten seconds what it waits
 * for. Runs on a thread of its own; interrupt it to stop.
 */
final class ReadyWatch implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(ReadyWatch.class);
    private static final long POLL_MILLIS = 100;
    private static final long REMIND_MILLIS = 10_000;
    private static final int CONNECT_MILLIS = 500;

    private final Appliance appliance;
    private final Supplier<Optional<InetSocketAddress>> rest;
    private final InetSocketAddress ssh;
    private final long sshMillis;
    private final Consumer<ReadyLine> announce;
    private final long processStart;

    /**
     * @param rest         where REST listens, empty as long as it does not
     * @param sshMillis    how long SSH may take after everything else is ready
     * @param processStart wall clock, milliseconds
     */
    ReadyWatch(Appliance appliance, Supplier<Optional<InetSocketAddress>> rest, InetSocketAddress ssh, long sshMillis,
            Consumer<ReadyLine> announce, long processStart) {
        this.appliance = appliance;
        this.rest = rest;
        this.ssh = ssh;
        this.sshMillis = sshMillis;
        this.announce = announce;
        this.processStart = processStart;
    }

    @Override
    public void run() {
        try {
            Optional<ReadyLine> line = Optional.empty();
            while (line.isEmpty()) {
                awaitReady();
                line = line(awaitSsh());
            }
            announce.accept(line.get());
        } catch (InterruptedException stopped) {
            LOG.debug("stopped before the appliance was ready");
        }
    }

    /** Empty if the control plane went away meanwhile, such as when a bundle is updated. */
    private Optional<ReadyLine> line(boolean sshAccepts) {
        try {
            LoomControl control = appliance.control();
            long millis = System.currentTimeMillis() - processStart;
            return rest.get().map(address ->
                    new ReadyLine(control.vips(), control.status(), address, ssh, sshAccepts, millis));
        } catch (LoomException gone) {
            LOG.debug("not ready after all: {}", gone.getMessage());
            return Optional.empty();
        }
    }

    private void awaitReady() throws InterruptedException {
        long remind = System.nanoTime() + REMIND_MILLIS * 1_000_000;
        for (String reason = notReadyBecause(); !reason.isEmpty(); reason = notReadyBecause()) {
            if (System.nanoTime() - remind > 0) {
                LOG.info("not ready yet: {}", reason);
                remind = System.nanoTime() + REMIND_MILLIS * 1_000_000;
            }
            Thread.sleep(POLL_MILLIS);
        }
    }

    /** Why it is not ready; empty if it is. */
    private String notReadyBecause() {
        if (rest.get().isEmpty()) {
            return "REST does not listen";
        }
        try {
            Status status = appliance.control().status();
            return status.ready() ? "" : "waiting for " + status.waiting();
        } catch (LoomException notYet) {
            return notYet.problems().get(0).what();
        }
    }

    private boolean awaitSsh() throws InterruptedException {
        long deadline = System.nanoTime() + sshMillis * 1_000_000;
        while (!accepts(ssh)) {
            if (System.nanoTime() - deadline > 0) {
                return false;
            }
            Thread.sleep(POLL_MILLIS);
        }
        return true;
    }

    private static boolean accepts(InetSocketAddress address) {
        InetAddress host = address.getAddress().isAnyLocalAddress() ? InetAddress.getLoopbackAddress() : address.getAddress();
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(host, address.getPort()), CONNECT_MILLIS);
            return true;
        } catch (IOException notYet) {
            return false;
        }
    }
}
