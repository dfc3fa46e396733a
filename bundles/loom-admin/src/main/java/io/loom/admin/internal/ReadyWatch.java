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
 * for. Where that is an interface it may be a person's turn: that is announced as well, once. Runs on a thread of its own; interrupt it to stop.
 */
final class ReadyWatch implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(ReadyWatch.class);
    private static final long POLL_MILLIS = 100;
    private static final long REMIND_MILLIS = 10_000;
    /** How long an interface is missing until that is announced: attaching takes a moment. */
    private static final long INTERFACE_MILLIS = 1_000;
    private static final int CONNECT_MILLIS = 500;

    private final Appliance appliance;
    private final Supplier<Optional<InetSocketAddress>> rest;
    private final InetSocketAddress ssh;
    private final long sshMillis;
    private final Consumer<ReadyLine> announce;
    private final Consumer<WaitingLine> waits;
    private final long processStart;
    private long missingSince;
    private boolean told;

    /**
     * @param rest         where REST listens, empty as long as it does not
     * @param sshMillis    how long SSH may take after everything else is ready
     * @param waits        told once when an interface is missing
     * @param processStart wall clock, milliseconds
     */
    ReadyWatch(Appliance appliance, Supplier<Optional<InetSocketAddress>> rest, InetSocketAddress ssh, long sshMillis,
            Consumer<ReadyLine> announce, Consumer<WaitingLine> waits, long processStart) {
        this.appliance = appliance;
        this.rest = rest;
        this.ssh = ssh;
        this.sshMillis = sshMillis;
        this.announce = announce;
        this.waits = waits;
        this.processStart = processStart;
        this.missingSince = System.nanoTime();
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
            tellOfInterfaces();
            Thread.sleep(POLL_MILLIS);
        }
    }

    private void tellOfInterfaces() throws InterruptedException {
        Optional<Status> status = appliance.controlIfRunning().map(LoomControl::status).filter(ReadyWatch::lacksInterface);
        if (told || status.isEmpty()) {
            missingSince = System.nanoTime();
        } else if (System.nanoTime() - missingSince > INTERFACE_MILLIS * 1_000_000) {
            told = true;
            boolean accepts = awaitSsh();
            rest.get().ifPresent(address -> waits.accept(new WaitingLine(status.get().waiting(), address, ssh, accepts)));
        }
    }

    /** With a program there is a configuration, and with that the interfaces that it names. */
    private static boolean lacksInterface(Status status) {
        Status.ProgramView program = status.program();
        return program.id() != 0 && (program.attachments().isEmpty()
                || program.attachments().stream().anyMatch(attachment -> attachment.mode().equals("none")));
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
