package io.loom.libbpf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.libbpf.internal.Errno;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Attaches to a veth pair that is down and has no address: needs root, and fails without. */
class XdpLinkTest {
    private final String device = "lbt" + ProcessHandle.current().pid();
    private int ifindex;
    private BpfProgram one;
    private BpfProgram two;
    @TempDir
    private Path directory;

    @BeforeEach
    void prepare() throws Exception {
        Command.run("ip", "link", "add", device, "type", "veth", "peer", "name", device + "p");
        ifindex = Kernel.interfaceIndex(device).orElseThrow();
        one = program(1);
        two = program(2);
    }

    @AfterEach
    void remove() throws Exception {
        one.close();
        two.close();
        if (Kernel.interfaceIndex(device).isPresent()) {
            Command.run("ip", "link", "del", device);
        }
    }

    @Test
    void aProgramIsAttachedReplacedAndTakenOffWithItsLink() {
        assertEquals(Optional.empty(), XdpLink.modeInForce(ifindex));
        try (XdpLink link = XdpLink.attach(one, ifindex, XdpMode.NATIVE)) {
            int id = link.info().id();
            assertEquals(new XdpLink.Info(id, one.id(), ifindex), link.info());
            assertEquals(Optional.of(XdpMode.NATIVE), XdpLink.modeInForce(ifindex));
            link.update(two, one);
            assertEquals(new XdpLink.Info(id, two.id(), ifindex), link.info());
        }
        assertEquals(Optional.empty(), XdpLink.modeInForce(ifindex));
    }

    @Test
    void aLinkThatRunsAnotherProgramThanExpectedIsLeftAlone() {
        try (XdpLink link = XdpLink.attach(one, ifindex, XdpMode.GENERIC)) {
            assertEquals(Optional.of(XdpMode.GENERIC), XdpLink.modeInForce(ifindex));
            BpfException refused = assertThrows(BpfException.class, () -> link.update(one, two));
            assertEquals("LOOM-1014", refused.code());
            assertEquals(one.id(), link.info().programId());
        }
    }

    @Test
    void anInterfaceThatIsTakenSaysWhatToDo() {
        try (XdpLink link = XdpLink.attach(one, ifindex, XdpMode.NATIVE)) {
            BpfException taken = assertThrows(BpfException.class, () -> XdpLink.attach(two, ifindex, XdpMode.NATIVE));
            assertEquals("LOOM-1008", taken.code());
            assertTrue(taken.getMessage().contains("bpftool net show"), taken.getMessage());
            assertEquals(one.id(), link.info().programId());
        }
    }

    @Test
    void anAbsentInterfaceAndAModeThatTheDriverLacksAreExplained() {
        assertEquals("LOOM-1009",
                assertThrows(BpfException.class, () -> XdpLink.attach(one, 1_000_000, XdpMode.NATIVE)).code());
        assertEquals("LOOM-1010", assertThrows(BpfException.class, () -> XdpLink.attach(one, ifindex, XdpMode.OFFLOAD)).code());
    }

    /** veth's answer to a program that is bound to it. Nothing of it stays, and what is attached is not touched. */
    @Test
    void theDriverIsAskedWhetherItsCardRunsTheProgramAndItsAnswerIsShown() {
        try (XdpLink link = XdpLink.attach(one, ifindex, XdpMode.NATIVE)) {
            BpfException answer = assertThrows(BpfException.class, () -> Offload.ask(ifindex, () -> {
                throw new AssertionError("it takes not even two instructions: no need to open the program");
            }));
            assertEquals("LOOM-1010", answer.code());
            assertTrue(answer.getMessage().contains(device + " (offload)") && answer.getMessage().contains("(EINVAL)"), answer.getMessage());
            assertEquals(one.id(), link.info().programId());
        }
        assertEquals("LOOM-1009", assertThrows(BpfException.class, () -> Offload.ask(1_000_000, TestObjects::loadedHost)).code());
    }

    /** Of a driver that runs programs, and not these maps, it says which. */
    @Test
    void thePartThatADriverRefusesIsNamed() {
        try (BpfObject object = BpfObject.open("test", TestObjects.host().bytes())) {
            BpfException answer = assertThrows(BpfException.class, () -> object.loadOnto(ifindex, device + " (offload)"));
            assertEquals("LOOM-1010", answer.code());
            assertTrue(answer.getMessage().matches("(?s).*\\((runs|samples|tables)\\).*"), answer.getMessage());
        }
    }

    @Test
    void anMtuAboveTheDriversLimitIsNamedAsTheCause() throws Exception {
        Command.run("ip", "link", "set", device, "mtu", "9000");
        Command.run("ip", "link", "set", device + "p", "mtu", "9000");
        BpfException refused = assertThrows(BpfException.class, () -> XdpLink.attach(one, ifindex, XdpMode.NATIVE));
        assertEquals("LOOM-1010", refused.code());
        assertTrue(refused.getMessage().contains(device + " (native): its MTU is above"), refused.getMessage());
    }

    @Test
    void anInterfaceThatVanishedIsSeenByTheLink() throws Exception {
        try (XdpLink link = XdpLink.attach(one, ifindex, XdpMode.NATIVE)) {
            Command.run("ip", "link", "del", device);
            assertEquals(0, link.info().ifindex());
            BpfException gone = assertThrows(BpfException.class, () -> link.update(two, one));
            assertEquals(Errno.ENOLINK, gone.errno());
            assertEquals("LOOM-1009", gone.code());
        }
    }

    @Test
    void aPinnedLinkOutlivesItsDescriptorAndCanBeDetached() throws Exception {
        Path bpffs = Files.createDirectory(directory.resolve("bpffs"));
        Command.run("mount", "-t", "bpf", "bpf", bpffs.toString());
        try {
            Path pin = bpffs.resolve("link");
            int id;
            try (XdpLink link = XdpLink.attach(one, ifindex, XdpMode.NATIVE)) {
                id = link.info().id();
                link.pin(pin);
            }
            try (XdpLink link = XdpLink.open(pin)) {
                assertEquals(new XdpLink.Info(id, one.id(), ifindex), link.info());
                link.update(two, one);
                link.detach();
                assertEquals(Optional.empty(), XdpLink.modeInForce(ifindex));
                link.close();
                link.close();
            }
        } finally {
            Command.run("umount", bpffs.toString());
        }
    }

    private static BpfProgram program(int base) {
        try (BpfObject object = BpfObject.open("test", TestObjects.host().bytes())) {
            object.setConstant("host_base", TestObjects.u32(base));
            object.load();
            return object.program("test_host");
        }
    }
}
