package io.loom.datapath.internal;

import static io.loom.datapath.internal.TestHost.DEVICE;
import static io.loom.datapath.internal.TestHost.FIRST;
import static io.loom.datapath.internal.TestHost.await;
import static io.loom.datapath.internal.TestHost.config;
import static io.loom.datapath.internal.TestHost.ip;
import static io.loom.datapath.internal.TestHost.nat;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Problem;
import io.loom.api.config.Attachment;
import io.loom.api.control.Status.AttachmentView;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Where the program is attached, and what is said where it cannot be. */
class AttachmentsTest extends DataPlaneFixture {
    @Test
    void anAbsentDeviceIsWaitedForAndADeletedOneIsAttachedAnew() throws Exception {
        plane.configure(config(DEVICE, "later"));
        assertEquals(List.of("LOOM-1201"), plane.problems().stream().map(Problem::code).toList());
        ip("link add later type veth peer name later-peer");
        await("attachment", () -> plane.program().attachments().get(1).mode().equals("native"));
        assertEquals(List.of(), plane.problems());
        int before = plane.program().attachments().get(1).ifindex();
        ip("link del later");
        await("absence", () -> plane.problems().size() == 1);
        ip("link add later type veth peer name later-peer");
        await("attachment anew", () -> plane.program().attachments().get(1).mode().equals("native"));
        assertNotEquals(before, plane.program().attachments().get(1).ifindex());
        plane.configure(config(DEVICE));
        assertFalse(ip("link show dev later").contains("xdp"));
        ip("link del later");
    }

    @Test
    void aModeThatIsRefusedLeavesTheProgramAttachedAsItWasAndIsNotTriedAgain() {
        plane.configure(config(Attachment.Mode.OFFLOAD, 300, DEVICE));
        Problem problem = plane.problems().get(0);
        assertEquals("LOOM-1203", problem.code());
        assertTrue(problem.why().contains("its driver refuses") && problem.why().contains("(EINVAL)"), problem.why());
        assertTrue(problem.fix().contains("mode: native"), problem.fix());
        AttachmentView attachment = plane.program().attachments().get(0);
        assertEquals("native", attachment.mode());
        plane.configure(config(Attachment.Mode.OFFLOAD, 400, DEVICE));
        assertEquals(attachment, plane.program().attachments().get(0));
        plane.configure(config(DEVICE));
        assertEquals(List.of(), plane.problems());
        assertEquals(attachment.linkId(), plane.program().attachments().get(0).linkId());
    }

    /** The loopback device knows generic mode only. */
    @Test
    void genericModeReplacesAnotherOnlyWhereTheFileAllowsItAndVisibly() {
        List<String> loopback = List.of("lo");
        plane.configure(config("lo"));
        assertEquals(List.of("LOOM-1203"), plane.problems().stream().map(Problem::code).toList());
        assertEquals("none", plane.program().attachments().get(0).mode());
        plane.configure(config(true, new Attachment(loopback, Attachment.Mode.NATIVE, true), 300));
        assertEquals(List.of("LOOM-1202"), plane.problems().stream().map(Problem::code).toList());
        assertTrue(plane.problems().get(0).fix().contains("take xdp.fallback out of the file"), plane.problems().get(0).toString());
        assertEquals("generic", plane.program().attachments().get(0).mode());
        plane.configure(config(true, new Attachment(loopback, Attachment.Mode.GENERIC, false), 300));
        assertEquals(List.of(), plane.problems());
    }

    @Test
    void backendsBehindAnInterfaceWithoutTheProgramAreAWarning() throws Exception {
        plane.configure(config(Attachment.Mode.GENERIC, 300, "lo"));
        plane.resolve(Set.of(nat(FIRST)));
        await("the warning", () -> plane.problems().stream()
                .anyMatch(problem -> problem.code().equals("LOOM-1232") && problem.what().contains(DEVICE)));
        plane.configure(config(Attachment.Mode.GENERIC, 300, "lo", DEVICE));
        await("none but that a veth can do better", () ->
                plane.problems().stream().map(Problem::code).toList().equals(List.of("LOOM-1296")));
        plane.configure(config(Attachment.Mode.NATIVE, 300, DEVICE));
        await("no warning", () -> plane.problems().isEmpty());
    }

    @Test
    void disablingDetachesAndEnablingAttachesAnew() throws Exception {
        plane.configure(config(false, new Attachment(List.of(DEVICE), Attachment.Mode.NATIVE, false), 300));
        assertFalse(ip("link show dev " + DEVICE).contains("xdp"));
        assertEquals(List.of(), plane.program().attachments());
        plane.configure(config(DEVICE));
        assertTrue(ip("link show dev " + DEVICE).contains("xdp"));
    }
}
