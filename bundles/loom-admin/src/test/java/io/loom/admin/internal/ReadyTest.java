package io.loom.admin.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.control.Status;
import io.loom.api.control.VipView;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ReadyTest {
    private static final InetSocketAddress REST = new InetSocketAddress(InetAddress.getLoopbackAddress(), 9091);
    private static final InetSocketAddress SSH = new InetSocketAddress(InetAddress.getLoopbackAddress(), 8101);

    private final LinkedBlockingQueue<WaitingLine> waits = new LinkedBlockingQueue<>();
    private final LinkedBlockingQueue<ReadyLine> announced = new LinkedBlockingQueue<>();
    private final FakeControl control = new FakeControl();
    private final Appliance appliance = new Appliance();
    private Thread thread;

    @AfterEach
    void stop() throws InterruptedException {
        if (thread != null) {
            thread.interrupt();
            thread.join(5_000);
        }
    }

    private void watch(InetSocketAddress ssh, long sshMillis) {
        thread = new Thread(new ReadyWatch(appliance, () -> Optional.of(REST), ssh, sshMillis, announced::add, waits::add,
                System.currentTimeMillis()));
        thread.start();
    }

    @Test
    void theLineTellsEverythingThatAScriptOrAPersonWants() {
        assertEquals("loom ready: 1 vip (default 2/2 backends by nat), program loom id 12 tag 0123456789abcdef on eth0 (native), "
                + "rest http://127.0.0.1:9091, ssh 127.0.0.1:8101, started in 3.8 s",
                new ReadyLine(control.vips(), control.status(), REST, SSH, true, 3_812).text());
    }

    @Test
    void itDoesNotLookBetterThanItIs() throws Exception {
        VipView degraded = new VipView("web", List.of(), List.of("tcp"), "maglev", "l2",
                new VipView.Handling("full", false, "replace"), "default", 0, 2, List.of("l2 is not deployed"));
        Status status = new Status(true, "", "f", List.of(), List.of(), new Status.ProgramView(3, "ab", "loom", List.of(
                new Status.AttachmentView("eth0", 2, "none", 0, "MTU 9000 is too large"))), List.of(), List.of());
        InetSocketAddress ssh = new InetSocketAddress(InetAddress.getByName("::1"), 8101);
        assertEquals("loom ready: 1 vip (web 0/2 backends by l2 DEGRADED: l2 is not deployed), program loom id 3 tag ab on eth0 "
                + "(none: MTU 9000 is too large), rest http://127.0.0.1:9091, ssh [::1]:8101 (missing: it does not accept "
                + "connections), started in 0.1 s", new ReadyLine(List.of(degraded), status, REST, ssh, false, 123).text());
    }

    private static String line(List<Status.OwnProgramView> own, int attached) {
        Status status = new Status(true, "", "f", List.of(), List.of(), new Status.ProgramView(3, "ab", "loom_xdp", own, List.of(
                new Status.AttachmentView("eth0", 2, "native", 7, "", attached))), List.of(), List.of());
        String text = new ReadyLine(List.of(), status, REST, SSH, true, 123).text();
        return text.substring(text.indexOf("program"), text.indexOf(", rest"));
    }

    @Test
    void programsOfTheOperatorAreNamedInTheOrderInWhichAFrameMeetsThem() {
        Status.OwnProgramView filter = new Status.OwnProgramView("filter", "before", 15);
        Status.OwnProgramView lb = new Status.OwnProgramView("lb", "replace", 16);
        assertEquals("program filter id 15, then loom_xdp id 3 tag ab on eth0 (native)", line(List.of(filter), 15));
        assertEquals("program lb id 16 in the place of loom_xdp id 3 tag ab on eth0 (native)", line(List.of(lb), 16));
        assertEquals("program filter id 15, then lb id 16 in the place of loom_xdp id 3 tag ab on eth0 (native)", line(List.of(filter, lb), 15));
    }

    /** Whatever Loom believes. */
    @Test
    void whatTheKernelSaysThatAnInterfaceRunsIsNamed() {
        assertEquals("program loom_xdp id 3 tag ab on eth0 (native)", line(List.of(), 3));
        assertEquals("program loom_xdp id 3 tag ab on eth0 (native, but it runs program id 9)", line(List.of(), 9));
        assertEquals("program filter id 15, then loom_xdp id 3 tag ab on eth0 (native, but it runs program id 3)",
                line(List.of(new Status.OwnProgramView("filter", "before", 15)), 3));
    }

    @Test
    void amongManyVipsOnlyDegradedOnesAreNamed() {
        VipView good = control.vips().get(0);
        VipView bad = new VipView("bad", List.of(), List.of("tcp"), "maglev", "nat",
                new VipView.Handling("full", false, "replace"), "x", 0, 1, List.of("why"));
        String line = new ReadyLine(List.of(good, good, good, good, bad), control.status(), REST, SSH, true, 1).text();
        assertTrue(line.startsWith("loom ready: 5 vips (bad 0/1 backends by nat DEGRADED: why), "), line);
        String four = new ReadyLine(List.of(good, good, good, bad), control.status(), REST, SSH, true, 1).text();
        assertEquals(3, four.split("default 2/2 backends", -1).length - 1, "of few all are: " + four);
        String good5 = new ReadyLine(List.of(good, good, good, good, good), control.status(), REST, SSH, true, 1).text();
        assertTrue(good5.startsWith("loom ready: 5 vips, program loom id 12 "), good5);
        String none = new ReadyLine(List.of(), control.status(), REST, SSH, true, 1).text();
        assertTrue(none.startsWith("loom ready: no vips, program loom id 12 "), none);
    }

    @Test
    void itWaitsForTheControlPlaneAndForReadiness() throws Exception {
        try (ServerSocket ssh = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            watch((InetSocketAddress) ssh.getLocalSocketAddress(), 5_000);
            assertNull(announced.poll(300, TimeUnit.MILLISECONDS), "there is no control plane yet");
            control.ready = false;
            appliance.control = control;
            assertNull(announced.poll(300, TimeUnit.MILLISECONDS), "it is not ready yet");
            control.ready = true;
            ReadyLine line = announced.poll(5, TimeUnit.SECONDS);
            assertTrue(line.sshAccepts());
        }
    }

    @Test
    void withoutSshItSaysSoAfterAWhile() throws Exception {
        appliance.control = control;
        int closed;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            closed = socket.getLocalPort();
        }
        watch(new InetSocketAddress(InetAddress.getLoopbackAddress(), closed), 300);
        assertEquals(false, announced.poll(5, TimeUnit.SECONDS).sshAccepts());
    }

    @Test
    void whileAnInterfaceIsMissingThatIsToldOnceAndReadinessStillComes() throws Exception {
        try (ServerSocket ssh = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            control.ready = false;
            control.attachments = List.of();
            appliance.control = control;
            watch((InetSocketAddress) ssh.getLocalSocketAddress(), 5_000);
            String line = waits.poll(10, TimeUnit.SECONDS).text();
            assertEquals("loom waits for the first probes; rest http://127.0.0.1:9091, ssh 127.0.0.1:" + ssh.getLocalPort(), line);
            assertNull(waits.poll(1_500, TimeUnit.MILLISECONDS), "once is enough");
            assertNull(announced.poll(), "it is not ready");
            control.ready = true;
            assertTrue(announced.poll(10, TimeUnit.SECONDS).text().startsWith("loom ready: "));
        }
    }

    @Test
    void whatElseIsWaitedForIsNoLine() throws Exception {
        control.ready = false;
        appliance.control = control;
        watch(SSH, 100);
        assertNull(waits.poll(1_500, TimeUnit.MILLISECONDS));
    }

    @Test
    void sshHasItsTimeBeforeItIsCalledMissing() throws Exception {
        appliance.control = control;
        InetAddress second = InetAddress.getByName("127.0.0.2");
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, second)) {
            port = socket.getLocalPort();
        }
        watch(new InetSocketAddress(second, port), 30_000);
        assertNull(announced.poll(500, TimeUnit.MILLISECONDS), "it may come yet");
        try (ServerSocket ssh = new ServerSocket(port, 5, second)) {
            ReadyLine line = announced.poll(10, TimeUnit.SECONDS);
            assertTrue(line.sshAccepts());
            assertEquals(ssh.getLocalSocketAddress(), line.ssh());
            assertTrue(line.millis() >= 500 && line.millis() < 30_000, line.millis() + " ms since the process began");
        }
    }

    @Test
    void oneOfTwoInterfacesIsEnoughToBeMissed() throws Exception {
        try (ServerSocket ssh = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            control.ready = false;
            control.attachments = List.of(new Status.AttachmentView("eth0", 2, "native", 7, ""),
                    new Status.AttachmentView("eth1", 0, "none", 0, "it does not exist"));
            appliance.control = control;
            watch((InetSocketAddress) ssh.getLocalSocketAddress(), 5_000);
            assertNull(waits.poll(500, TimeUnit.MILLISECONDS), "attaching takes a moment");
            assertTrue(waits.poll(10, TimeUnit.SECONDS).sshAccepts());
        }
    }
}
