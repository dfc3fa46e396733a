package io.loom.datapath.internal;

import static io.loom.datapath.internal.TestHost.DEVICE;
import static io.loom.datapath.internal.TestHost.await;
import static io.loom.datapath.internal.TestHost.config;
import static io.loom.datapath.internal.TestHost.ip;
import static io.loom.datapath.internal.TestHost.withPrograms;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Problem;
import io.loom.api.Verdict.Action;
import io.loom.api.config.Attachment;
import io.loom.api.config.LoomConfig;
import io.loom.api.config.ObjectFile;
import io.loom.api.config.OwnProgram;
import io.loom.api.config.OwnProgram.Position;
import io.loom.api.control.Status.OwnProgramView;
import io.loom.api.control.Telemetry.VerdictCount;
import io.loom.datapath.Composer;
import io.loom.datapath.Composition;
import io.loom.datapath.ScratchPlane;
import io.loom.datapath.TestHandlers;
import io.loom.datapath.Tuning;
import io.loom.libbpf.BpfException;
import io.loom.libbpf.BpfMap;
import io.loom.libbpf.BpfProgram;
import io.loom.libbpf.XdpLink;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Programs of the operator before Loom's and in its place, of a real object. The SYN of the fixture is from port 40000. */
class OwnProgramsTest extends DataPlaneFixture {
    private static final int ABORTED = 0;
    private static final int DROP = 1;
    private static final int TX = 3;
    private static final int REDIRECT = 4;
    private static final Path LINK = ROOT.resolve("links/lb%2E0");

    private static OwnProgram program(String name, String section, Position position) {
        try (InputStream object = OwnProgramsTest.class.getResourceAsStream("/bpf/own.bpf.o")) {
            return new OwnProgram(name, "/etc/loom/own.o", section, position, new ObjectFile(object.readAllBytes()));
        } catch (IOException failure) {
            throw new AssertionError(failure);
        }
    }

    private static OwnProgram before(String section) {
        return program(section.replace('/', '-'), section, Position.BEFORE);
    }

    private static OwnProgram replace(String section) {
        return program("lb", section, Position.REPLACE);
    }

    /** Ids of those in force. */
    private List<Integer> inForce() {
        return plane.program().own().stream().map(OwnProgramView::id).toList();
    }

    private void take(OwnProgram... programs) throws Exception {
        List<Integer> former = inForce();
        plane.configure(withPrograms(programs));
        await("the chain", () -> plane.program().own().size() == programs.length && !inForce().equals(former));
    }

    /** What the interface has, which is the first of the chain. */
    private int runSynThere() {
        int attached;
        try (XdpLink link = XdpLink.open(LINK)) {
            attached = link.info().programId();
        }
        for (Path pin : List.of(ROOT.resolve("chains/0_entry"), ROOT.resolve("chains/1_entry"), ROOT.resolve("prog"))) {
            if (number(pin).equals(OptionalInt.of(attached))) {
                return runSyn(pin).result();
            }
        }
        throw new AssertionError("no pin of program " + attached);
    }

    /** Empty if nothing is pinned there: the pin of the chain before goes at any moment. */
    private static OptionalInt number(Path pin) {
        try (BpfProgram program = BpfProgram.open(pin)) {
            return OptionalInt.of(program.id());
        } catch (BpfException gone) {
            if (gone.code().equals("LOOM-1013")) {
                return OptionalInt.empty();
            }
            throw gone;
        }
    }

    /** Id of the program behind the first. */
    private static int leadsTo() {
        Path pin = PinTree.pins(ROOT.resolve("chains")).stream().filter(any -> any.toString().endsWith("array")).findFirst().orElseThrow();
        try (BpfMap array = BpfMap.open(pin)) {
            return Keys.number(array.lookup(Keys.of(1)).orElseThrow());
        }
    }

    private VerdictCount count(String reason) {
        return plane.read().verdicts().stream().filter(verdict -> verdict.reason().equals(reason)).findFirst().orElseThrow();
    }

    private List<String> codes() {
        return plane.problems().stream().map(Problem::code).toList();
    }

    @Test
    void whatAProgramDropsBeforeLoomIsDroppedAndCountedThere() throws Exception {
        balance(plane);
        take(before("xdp/port"));
        assertEquals(DROP, runSynThere());
        assertEquals(new VerdictCount(73, "drop_before", Action.DROP, 1, 54, 0), count("drop_before"));
        assertEquals(0, count("forward").packets());
        assertEquals(List.of("xdp-port before"),
                plane.program().own().stream().map(own -> own.name() + " " + own.position()).toList());
        assertTrue(ip("link show dev " + DEVICE).contains("prog/xdp id " + inForce().get(0)));
        assertEquals(List.of(), codes());
    }

    @Test
    void whatTheyPassIsLoomsInTheOrderOfTheFile() throws Exception {
        balance(plane);
        take(before("xdp_pass"), program("again", "xdp_pass", Position.BEFORE));
        assertEquals(REDIRECT, runSynThere());
        assertEquals(1, count("forward").packets());
        take(before("xdp_pass"), before("xdp_lb"), before("xdp/port"));
        assertEquals(TX, runSynThere(), "the second ends it");
        VerdictCount sent = count("sent_before"); // other frames of the interface, too
        assertTrue(sent.number() == 5 && sent.action() == Action.FORWARD && sent.packets() > 0, sent::toString);
        assertTrue(sent.bytesIn() >= 54 && sent.bytesIn() == sent.bytesOut(), sent::toString);
        take(before("xdp/port"), before("xdp_lb"));
        assertEquals(DROP, runSynThere(), "the first does");
    }

    @Test
    void eightAreNotTooMany() throws Exception {
        balance(plane);
        take(IntStream.range(0, 8).mapToObj(i -> program("p" + i, "xdp_pass", Position.BEFORE)).toArray(OwnProgram[]::new));
        assertEquals(REDIRECT, runSynThere());
    }

    @Test
    void oneThatAbortsOrAnswersNonsenseIsCountedAsFailed() throws Exception {
        take(before("xdp_abort"));
        assertEquals(ABORTED, runSynThere());
        long aborted = count("drop_before_aborted").packets();
        assertTrue(aborted > 0);
        take(before("xdp_strange"));
        assertEquals(ABORTED, runSynThere());
        assertTrue(count("drop_before_aborted").packets() > aborted);
    }

    @Test
    void oneInLoomsPlaceRunsAndStatusSaysSo() throws Exception {
        balance(plane);
        take(replace("xdp_lb"));
        assertEquals(TX, runSynThere());
        assertEquals(List.of("LOOM-1241"), codes());
        assertEquals(0, count("sent_before").packets(), "nothing is counted");
        take(replace("xdp_lb"), before("xdp/port"));
        assertEquals(DROP, runSynThere(), "others still run before");
        plane.configure(config(DEVICE));
        await("Loom's program", () -> inForce().isEmpty());
        assertEquals(REDIRECT, runSynThere());
        assertEquals(List.of(), codes());
        assertEquals(List.of(), PinTree.pins(ROOT.resolve("chains")));
    }

    @Test
    void aProgramThatCannotBeUsedLeavesWhatRuns() throws Exception {
        balance(plane);
        take(before("xdp/port"));
        List<Integer> former = inForce();
        List<OwnProgram> bad = List.of(before("xdp_careless"), before("nowhere"), replace("xdp_careless"),
                new OwnProgram("no-elf", "/etc/loom/own.o", "", Position.BEFORE, new ObjectFile(new byte[] {1, 2, 3})));
        List<String> said = new ArrayList<>();
        for (OwnProgram one : bad) {
            plane.configure(withPrograms(before("xdp_pass"), one));
            await("the refusal of " + one.section(), () -> plane.problems().stream()
                    .anyMatch(problem -> problem.code().equals("LOOM-1240") && problem.what().contains("program " + one.name() + " of")));
            said.add(plane.problems().get(0).why());
            assertEquals(former, inForce());
            assertEquals(DROP, runSynThere());
        }
        assertTrue(said.get(0).contains("LOOM-1005") && said.get(0).contains("invalid access to packet"), said::toString);
        assertTrue(said.get(1).contains("none is in section nowhere"), said::toString);
        plane.configure(withPrograms(before("xdp/port")));
        await("the end of the complaint", () -> codes().isEmpty());
        assertEquals(former, inForce());
    }

    @Test
    void anotherContentOfTheSameFileIsTaken() throws Exception {
        take(before("xdp/port"));
        int former = inForce().get(0);
        byte[] other = before("xdp/port").object().bytes();
        int at = new String(other, StandardCharsets.ISO_8859_1).indexOf("GPL\0");
        assertTrue(at > 0);
        System.arraycopy(new byte[] {'B', 'S', 'D'}, 0, other, at, 3);
        runSynThere();
        take(new OwnProgram("xdp-port", "/etc/loom/own.o", "xdp/port", Position.BEFORE, new ObjectFile(other)));
        assertFalse(inForce().contains(former));
        runSynThere();
        try (BpfMap seen = BpfMap.open(TestHost.BPFFS.resolve("own_seen"))) {
            assertTrue(seen.lookup(Keys.of(0)).orElseThrow()[0] >= 2, "a map that is pinned by name goes on");
        }
    }

    @Test
    void aSwapOfLoomsProgramGoesOnBehindThem() throws Exception {
        balance(plane);
        take(before("xdp_pass"));
        List<Integer> chain = inForce();
        int former = plane.program().id();
        plane.configure(timeouts(4, before("xdp_pass")));
        await("another program", () -> plane.program().id() != former);
        assertEquals(chain, inForce());
        assertTrue(ip("link show dev " + DEVICE).contains("prog/xdp id " + chain.get(0)));
        assertEquals(plane.program().id(), leadsTo());
        assertEquals(REDIRECT, runSynThere());
        assertEquals(1, count("forward").packets());
    }

    private static LoomConfig timeouts(int seconds, OwnProgram program) {
        LoomConfig with = withPrograms(program);
        LoomConfig brief = config(Attachment.Mode.NATIVE, seconds, DEVICE);
        return new LoomConfig(true, brief.attachment(), brief.conntrack(), brief.maps(), brief.nat(), brief.dsr(),
                brief.icmp(), brief.acl(), with.programs(), brief.vips(), brief.upstreams(), brief.admin(), List.of());
    }

    @Test
    void theNextProcessTakesTheChainOver() throws Exception {
        balance(plane);
        take(before("xdp/port"), before("xdp_pass"));
        List<OwnProgramView> views = plane.program().own();
        int link = plane.program().attachments().get(0).linkId();
        plane.close();
        assertEquals(DROP, runSynThere(), "nobody is there");
        plane = open();
        plane.configure(withPrograms(before("xdp/port"), before("xdp_pass")));
        assertEquals(views, plane.program().own());
        assertEquals(link, plane.program().attachments().get(0).linkId());
        Thread.sleep(300);
        assertEquals(views, plane.program().own());
        plane.close();
        plane = open();
        plane.configure(config(DEVICE));
        assertEquals(List.of(), plane.program().own());
        assertEquals(link, plane.program().attachments().get(0).linkId());
        assertEquals(REDIRECT, runSynThere());
    }

    @Test
    void aNewInstanceHasThemBeforeItsFirstPacket() throws Exception {
        stop();
        TestHost.addDevice();
        plane = open();
        plane.configure(withPrograms(before("xdp/port")));
        assertEquals(DROP, runSynThere());
    }

    /** The link has the entry of the next chain already, loom_meta names the former. */
    @Test
    void aChangeThatDiedHalfwayIsUndone() throws Exception {
        take(before("xdp/port"));
        List<Integer> former = inForce();
        int linkId = plane.program().attachments().get(0).linkId();
        plane.close();
        Path next = PinTree.pins(ROOT.resolve("chains")).get(0).getFileName().toString().startsWith("0")
                ? ROOT.resolve("chains/1_entry") : ROOT.resolve("chains/0_entry");
        Composition other = Composer.builtIn().compose(List.of(), TestHandlers.ALL, Tuning.small(250));
        try (ScratchPlane scratch = ScratchPlane.open(other, Map.of());
                BpfProgram present = BpfProgram.open(ROOT.resolve("chains/" + (next.endsWith("1_entry") ? 0 : 1) + "_entry"));
                XdpLink link = XdpLink.open(LINK)) {
            scratch.program().pin(next);
            link.update(scratch.program(), present);
        }
        plane = open();
        plane.configure(withPrograms(before("xdp/port")));
        assertEquals(former, inForce());
        assertEquals(DROP, runSynThere());
        assertEquals(linkId, plane.program().attachments().get(0).linkId(), "no packet has met no program");
        assertFalse(Files.exists(next));
    }

    /** loom_meta still names the chain, but the interface has Loom's program; and the chain leads to one that was never pinned. */
    @Test
    void aRemovalThatDiedHalfwayIsUndone() throws Exception {
        balance(plane);
        take(before("xdp_pass"));
        List<Integer> former = inForce();
        Path entry = PinTree.pins(ROOT.resolve("chains")).stream().filter(pin -> pin.toString().endsWith("entry")).findFirst().orElseThrow();
        int linkId = plane.program().attachments().get(0).linkId();
        plane.close();
        Composition other = Composer.builtIn().compose(List.of(), TestHandlers.ALL, Tuning.small(250));
        try (ScratchPlane scratch = ScratchPlane.open(other, Map.of()); BpfProgram loom = BpfProgram.open(ROOT.resolve("prog"));
                BpfProgram present = BpfProgram.open(entry); XdpLink link = XdpLink.open(LINK);
                BpfMap array = BpfMap.open(Path.of(entry.toString().replace("entry", "array")))) {
            link.update(loom, present);
            array.updateFd(Keys.of(1), scratch.program());
        }
        plane = open();
        plane.configure(withPrograms(before("xdp_pass")));
        assertEquals(former, inForce());
        assertEquals(linkId, plane.program().attachments().get(0).linkId(), "no packet has met no program");
        assertEquals(plane.program().id(), leadsTo());
        assertEquals(REDIRECT, runSynThere());
    }

    @Test
    void detachTakesThemAlong() throws Exception {
        take(before("xdp/port"));
        plane.close();
        Takedown.run(TestHost.BPFFS, "test", Path.of("target/lock"));
        assertFalse(Files.exists(ROOT));
        assertFalse(ip("link show dev " + DEVICE).contains("xdp"));
    }
}
