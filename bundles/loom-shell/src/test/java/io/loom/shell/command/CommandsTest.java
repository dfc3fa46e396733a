package io.loom.shell.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.loom.api.Family;
import io.loom.api.Verdict.Action;
import io.loom.api.control.PluginView;
import io.loom.api.control.Telemetry;
import io.loom.api.control.Telemetry.AclUse;
import io.loom.api.control.Telemetry.BackendCount;
import io.loom.api.control.Telemetry.Counters;
import io.loom.api.control.Telemetry.CpuCount;
import io.loom.api.control.Telemetry.ListenerCount;
import io.loom.api.control.Telemetry.VerdictCount;
import io.loom.observe.CountersJson;
import io.loom.observe.ViewJson;
import java.util.ArrayList;
import java.util.List;
import org.apache.karaf.shell.api.console.Candidate;
import org.apache.karaf.shell.support.CommandException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CommandsTest {
    private final FakeControl control = new FakeControl();

    private String run(LoomCommand command) throws CommandException {
        command.control = control;
        return Printed.by(command);
    }

    @Test
    void statusShowsEverythingOnOneScreen() throws Exception {
        assertEquals("""
                state       ready
                config      /etc/loom/loom.yaml
                program     loom, id 12, tag 0123456789abcdef
                own program filter, id 15, before it
                forwarding  ipip, nat
                algorithms  maglev

                INTERFACE  XDP MODE  LINK  PROGRAM
                eth0       native       7       15

                VIP  LISTENERS  FORWARDING  ALGORITHM  UPSTREAM  BACKENDS  STATE
                web          2  nat         maglev     default   2/3       ok
                api          1  l2          maglev     default   2/3       degraded

                Warnings:
                  LOOM-3510 vip api is degraded: forwarding method l2 is not deployed; deploy it
                  LOOM-2112 loom.yaml:4:5: no vip uses upstream web; leave it
                """, run(new StatusCommand()));
    }

    @Test
    void pluginsShowEveryFile() throws Exception {
        PluginListCommand command = new PluginListCommand();
        command.listing = () -> List.of(
                new PluginView("a.jar", "one", "1.0.0", "active", 1,
                        List.of(new PluginView.Provided("algorithm", "maglev", 1, List.of("web", "api"))), ""),
                new PluginView("b.jar", "", "", "broken", 0, List.of(), "the file is empty"));
        assertEquals("""
                FILE   BUNDLE  VERSION  STATE   RANK  PROVIDES          USED BY   REASON
                a.jar  one     1.0.0    active  1     algorithm maglev  web, api
                b.jar                   broken                                    the file is empty
                """, run(command));
        command.json = true;
        assertEquals(ViewJson.plugins(command.listing.plugins()), run(command));
    }

    @Test
    void statusSaysWhatItWaitsFor() throws Exception {
        control.ready = false;
        assertTrue(run(new StatusCommand()).startsWith("state       not ready: waiting for the first probes\n"));
    }

    @Test
    void vipsShowEachListener() throws Exception {
        assertEquals("""
                VIP  LISTENER              FORWARDING  ALGORITHM  UPSTREAM  BACKENDS  STATE
                web  tcp 10.0.0.1:80       nat         maglev     default   2/3       ok
                     tcp [2001:db8::1]:80
                api  tcp 10.0.0.2:80       l2          maglev     default   2/3       degraded
                api: tracking minimal
                api is degraded: forwarding method l2 is not deployed
                """, run(new VipListCommand()));
    }

    @Test
    void backendsShowStateAndReason() throws Exception {
        assertEquals("""
                ID  BACKEND            UPSTREAM  WEIGHT  STATE  SOURCE
                 1  10.0.1.10:8080     default     100   up     file
                 2  10.0.1.11:8080     default      50*  down   file
                10  [2001:db8::12]:80  api           0   drain  runtime
                  2: connection refused
                """, run(new BackendListCommand()));
    }

    @Test
    void backendsOfOneUpstreamCanBeListed() throws Exception {
        BackendListCommand command = new BackendListCommand();
        command.upstream = "api";
        assertEquals(2, run(command).lines().count());
    }

    /** With --json too: an empty list is an answer. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void backendsOfAnUpstreamThatThereIsNotAreNone(boolean json) {
        BackendListCommand command = new BackendListCommand();
        command.upstream = "nope";
        command.json = json;
        assertEquals("LOOM-3420 --upstream: there is no upstream nope: no vip uses one of that name, and no backend is in it; use one of api, default",
                assertThrows(CommandException.class, () -> run(command)).getMessage());
    }

    @Test
    void jsonIsThatOfRest() throws Exception {
        StatusCommand status = new StatusCommand();
        status.json = true;
        assertEquals(ViewJson.status(control.status()), run(status));
        VipListCommand vips = new VipListCommand();
        vips.json = true;
        assertEquals(ViewJson.vips(control.vips()), run(vips));
        BackendListCommand backends = new BackendListCommand();
        backends.json = true;
        assertEquals(ViewJson.backends(control.backends()), run(backends));
    }

    @Test
    void addingShowsTheNewBackend() throws Exception {
        BackendAddCommand command = new BackendAddCommand();
        command.address = "10.0.1.12";
        command.port = "8080";
        assertTrue(run(command).contains("11  10.0.1.12:8080"));
        assertEquals(List.of("add 10.0.1.12:8080 weight 100 to ''"), control.changes);
    }

    @Test
    void everyWrongArgumentIsNamedAndNothingChanges() {
        BackendAddCommand command = new BackendAddCommand();
        command.address = "web1";
        command.port = "70000";
        command.weight = "heavy";
        CommandException failure = assertThrows(CommandException.class, () -> run(command));
        assertEquals(List.of(
                "LOOM-3417 ADDRESS: \"web1\" is no IP address: names are not looked up; "
                        + "give an address such as 10.0.1.12 or 2001:db8::12",
                "LOOM-3416 PORT: 70000 is out of range; give a number from 1 to 65535",
                "LOOM-3415 WEIGHT: \"heavy\" is no whole number; give a number from 0 to 65535"),
                failure.getNiceHelp().lines().toList());
        assertEquals(List.of(), control.changes);
    }

    @Test
    void aLoopbackBackendIsRefused() {
        BackendAddCommand command = new BackendAddCommand();
        command.address = "127.0.0.1";
        command.port = "80";
        assertTrue(assertThrows(CommandException.class, () -> run(command)).getMessage().startsWith("LOOM-3417"));
    }

    @Test
    void weightAndRemovalReachTheControlPlane() throws Exception {
        BackendWeightCommand weight = new BackendWeightCommand();
        weight.id = "1";
        weight.weight = "0";
        run(weight);
        BackendRemoveCommand remove = new BackendRemoveCommand();
        remove.id = "2";
        assertEquals("Removed backend 2 (10.0.1.11:8080); its connections drain.\n", run(remove));
        assertEquals(List.of("change 1 to 0", "remove 2"), control.changes);
    }

    @Test
    void anUnknownIdIsOneMessage() {
        BackendRemoveCommand command = new BackendRemoveCommand();
        command.id = "99";
        CommandException failure = assertThrows(CommandException.class, () -> run(command));
        assertEquals("LOOM-3404 there is no backend 99; list them with loom:backend-list", failure.getNiceHelp());
        assertEquals(List.of(), control.changes);
    }

    @Test
    void withoutTheControlPlaneEveryCommandSaysSo() {
        StatusCommand command = new StatusCommand();
        CommandException failure = assertThrows(CommandException.class, command::execute);
        assertTrue(failure.getNiceHelp().startsWith("LOOM-3523 the control plane"), failure.getNiceHelp());
    }

    @Test
    void statsShowWhatHappened() throws Exception {
        Counters counters = new Counters(
                List.of(new VerdictCount(1, "forward", Action.FORWARD, 1_234_567, 100_000_000, 100_000_000),
                        new VerdictCount(51, "drop_no_backend", Action.DROP, 0, 0, 0)),
                12, 5, 3, 4, List.of(new BackendCount(FakeControl.endpoint("10.0.1.10", 8080), 7, 700, 2, 1, 0)),
                List.of(new ListenerCount("tcp 10.0.0.1:80", 7, 700, 2, 1)), List.of(), List.of(),
                List.of(new CpuCount(0, 0, 0), new CpuCount(1, 7, 700)), List.of(new AclUse(Family.IPV4, 0, 0, 1000)));
        StatsCommand command = new StatsCommand();
        command.telemetry = () -> counters;
        assertEquals("""
                connections  5 active, 12 since the table was made
                bytes        100,000,000 received, 100,000,000 sent

                  PACKETS  ACTION   REASON
                1,234,567  forward  forward

                LISTENER         ACTIVE  CONNECTIONS  PACKETS  BYTES
                tcp 10.0.0.1:80       1            2        7    700

                BACKEND         ACTIVE  CONNECTIONS  PACKETS  BYTES
                10.0.1.10:8080       1            2        7    700

                CPU  PACKETS  BYTES
                  0        0      0
                  1        7    700

                A full map refused 3 insertions: raise conntrack.max_entries in the configuration file.

                New connections took the place of 4 that had not been confirmed: a flood, or conntrack.max_entries is too small.
                """, run(command));
        command.json = true;
        assertEquals(CountersJson.stats(counters, control.status()), run(command));
        Telemetry none = null;
        command.telemetry = none;
        assertThrows(CommandException.class, () -> run(command));
    }

    @Test
    void whatIsRareIsShownOnlyWhereThereIsAny() throws Exception {
        Counters counters = new Counters(
                List.of(), 0, 0, 0, 0,
                List.of(new BackendCount(FakeControl.endpoint("10.0.1.10", 8080), 7, 700, 2, 1, 12_345),
                        BackendCount.none(FakeControl.endpoint("10.0.1.11", 8080))),
                List.of(), List.of(), List.of(), List.of(),
                List.of(new AclUse(Family.IPV4, 2, 100_000, 1 << 20), new AclUse(Family.IPV6, 0, 0, 1 << 20)));
        StatsCommand command = new StatsCommand();
        command.telemetry = () -> counters;
        String printed = run(command);
        assertTrue(printed.contains("""
                BACKEND         ACTIVE  CONNECTIONS  OVERFLOWS  PACKETS  BYTES
                10.0.1.10:8080       1            2     12,345        7    700
                10.0.1.11:8080       0            0          0        0      0
                """), printed);
        assertTrue(printed.endsWith("""

                ACL   ALLOW     DENY        MAX
                ipv4      2  100,000  1,048,576
                ipv6      0        0  1,048,576
                """), printed);
    }

    @Test
    void idsAndUpstreamsAreCompleted() {
        BackendIdCompleter ids = new BackendIdCompleter();
        ids.control = control;
        List<Candidate> candidates = new ArrayList<>();
        ids.completeCandidates(null, null, candidates);
        assertEquals(List.of("1", "2", "10"), candidates.stream().map(candidate -> candidate.value()).toList());
        assertEquals("10.0.1.10:8080 of default", candidates.get(0).descr());
        assertEquals(List.of("api", "default"), upstreams(control));
        assertEquals(List.of(), upstreams(null));
    }

    private static List<String> upstreams(FakeControl control) {
        UpstreamCompleter completer = new UpstreamCompleter();
        completer.control = control;
        return completer.names();
    }
}
