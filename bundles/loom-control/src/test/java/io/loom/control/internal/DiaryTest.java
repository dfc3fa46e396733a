package io.loom.control.internal;

import static io.loom.control.internal.Fixtures.address;
import static io.loom.control.internal.Fixtures.endpoint;
import static io.loom.control.internal.Fixtures.key;

import io.loom.api.Problem;
import io.loom.api.Protocol;
import io.loom.api.config.Admission;
import io.loom.api.config.Admission.Course;
import io.loom.api.config.Admission.OnEmpty;
import io.loom.api.config.LoomConfig;
import io.loom.api.config.Upstream;
import io.loom.api.config.Upstream.Server;
import io.loom.api.config.Vip;
import io.loom.api.config.Vip.Connections;
import io.loom.api.config.Vip.Service;
import io.loom.api.control.NewBackend;
import io.loom.api.control.Status.AttachmentView;
import io.loom.control.dataplane.Change;
import io.loom.control.dataplane.DataPlane.MethodView;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Days in the life of three vips of three upstreams, one of which has an address in common: {@code diary-*.txt} is what must be seen. */
class DiaryTest {
    @TempDir
    Path data;

    private static final AttachmentView ETH0 = new AttachmentView("eth0", 2, "native", 7, "");

    private static Server server(OptionalInt id, String address, int weight, int limit) {
        return new Server(id, endpoint(address), weight, true, limit);
    }

    private static Vip web() {
        return new Vip("web", List.of(address("10.9.0.1"), address("fd00::9")), false, List.of(new Service(Protocol.TCP, 80), new Service(Protocol.TCP, 443)),
                "maglev", 7, "nat", "a", true, new Connections(false, true, false),
                new Admission(11, true, Map.of(new Service(Protocol.TCP, 443), Course.LOCAL), Optional.of(new Admission.Rate(5, 6)), OnEmpty.RESET));
    }

    private static Vip dns(String method) {
        return new Vip("dns", List.of(address("10.9.0.2")), false, List.of(new Service(Protocol.UDP, 53)), "maglev", 11, method, "b", false,
                new Connections(true, false, true), new Admission(0, false, Map.of(), Optional.empty(), OnEmpty.DROP));
    }

    private static Vip own() {
        return new Vip("own", List.of(address("10.9.0.3")), false, List.of(new Service(Protocol.TCP, 80)), "maglev", 13, "ipip", "own", true,
                Connections.DEFAULT);
    }

    private static Upstream a(int weight) {
        return new Upstream("a", List.of(server(OptionalInt.of(5), "10.0.0.1", weight, 21), server(OptionalInt.empty(), "10.0.0.2", 50, 0),
                server(OptionalInt.empty(), "fd00::1", 70, 0)), Optional.of(Fixtures.CHECK));
    }

    private static Upstream b() {
        return new Upstream("b", List.of(server(OptionalInt.empty(), "10.0.0.1", 30, 20), server(OptionalInt.empty(), "10.0.0.3", 40, 0),
                new Server(OptionalInt.empty(), endpoint("10.0.0.4"), 0, false, 0)), Optional.of(Fixtures.CHECK));
    }

    private static Upstream unchecked() {
        return new Upstream("own", List.of(server(OptionalInt.empty(), "10.0.0.5", 60, 0)), Optional.empty());
    }

    private static Upstream spare() {
        return new Upstream("spare", List.of(server(OptionalInt.empty(), "10.0.0.6", 61, 0)), Optional.of(Fixtures.CHECK));
    }

    private static LoomConfig all(String dns) {
        return Fixtures.config(List.of(web(), dns(dns), own()), a(100), b(), unchecked(), spare());
    }

    private Diary begun() {
        Diary diary = new Diary(data, "a", "b", "own", "spare");
        diary.plane.attachments = List.of(ETH0);
        diary.round("no configuration yet");
        diary.load("the file", all("ipip"));
        diary.event("first results, of one upstream", () -> {
            diary.bench.probes.up("a", "10.0.0.1");
            diary.bench.probes.up("a", "10.0.0.2");
            diary.bench.probes.up("a", "fd00::1");
            diary.bench.round();
        });
        diary.event("and of the others", () -> {
            diary.bench.probes.up("b", "10.0.0.1");
            diary.bench.probes.up("b", "10.0.0.3");
            diary.bench.probes.up("spare", "10.0.0.6");
            diary.bench.round();
        });
        return diary;
    }

    private static void assertDiary(String name, Diary diary) throws IOException {
        Golden.assertText(DiaryTest.class, "diary-" + name + ".txt", diary.text());
    }

    Diary health() {
        Diary diary = begun();
        diary.event("an address that two upstreams have is down in one", () -> {
            diary.bench.probes.down("b", "10.0.0.1");
            diary.bench.round();
        });
        diary.event("all of one upstream are down", () -> {
            diary.bench.probes.down("b", "10.0.0.3");
            diary.bench.round();
        });
        diary.event("a report of nobody who is probed", () -> {
            diary.bench.probes.down("own", "10.0.0.5");
            diary.bench.round();
        });
        diary.event("one of them is back", () -> {
            diary.bench.probes.up("b", "10.0.0.1");
            diary.bench.round();
        });
        diary.event("a family is down", () -> {
            diary.bench.probes.down("a", "fd00::1");
            diary.bench.round();
        });
        diary.event("all are back", () -> {
            diary.bench.probes.up("a", "fd00::1");
            diary.bench.probes.up("b", "10.0.0.3");
            diary.bench.round();
        });
        diary.event("no next hop any more", () -> {
            diary.plane.unknownHops.add(key("a", "10.0.0.2", "nat"));
            diary.bench.round();
        });
        diary.event("and there it is", () -> {
            diary.plane.unknownHops.clear();
            diary.bench.round();
        });
        diary.pass("a quiet minute", Duration.ofMinutes(1));
        return diary;
    }

    Diary changes() {
        Diary diary = begun();
        diary.change("a backend is added", edit -> edit.add("b", new NewBackend(endpoint("10.0.0.7"), 35)));
        diary.event("it is up", () -> {
            diary.bench.probes.up("b", "10.0.0.7");
            diary.bench.round();
        });
        diary.change("its weight", edit -> edit.weight(9, OptionalInt.of(36)));
        diary.change("no weight", edit -> edit.weight(9, OptionalInt.empty()));
        diary.change("a weight that there is not", edit -> edit.weight(9, OptionalInt.of(-1)));
        diary.change("a weight of the file's", edit -> edit.weight(5, OptionalInt.of(0)));
        diary.change("the file's own weight again", edit -> edit.weight(5, OptionalInt.of(100)));
        diary.change("the same address in another upstream", edit -> edit.add("own", new NewBackend(endpoint("10.0.0.7"), 1)));
        diary.change("twice", edit -> edit.add("b", new NewBackend(endpoint("10.0.0.7"), 1)));
        diary.change("an address of a vip", edit -> edit.add("b", new NewBackend(endpoint("10.9.0.1"), 1)));
        diary.change("no address that a backend can have", edit -> edit.add("b", new NewBackend(endpoint("127.0.0.1"), 70000)));
        diary.change("no upstream", edit -> edit.add("", new NewBackend(endpoint("10.0.0.8"), 1)));
        diary.change("an unknown upstream", edit -> edit.add("c", new NewBackend(endpoint("10.0.0.8"), 1)));
        diary.change("an unknown id", edit -> edit.weight(99, OptionalInt.of(1)));
        diary.change("an unknown id is removed", edit -> edit.remove(99));
        diary.change("one of the file is removed", edit -> edit.remove(5));
        diary.event("and dies while it drains, in one upstream", () -> {
            diary.bench.probes.down("a", "10.0.0.1");
            diary.bench.round();
        });
        diary.change("the added one is removed", edit -> edit.remove(9));
        diary.change("and another of the file, whose upstream is not probed", edit -> edit.remove(7));
        diary.event("the kernel refuses what is next", () -> diary.plane.refused = change -> change instanceof Change.PutTable);
        diary.change("so this is taken back", edit -> edit.weight(2, OptionalInt.of(9)));
        diary.event("and takes it again", () -> diary.plane.refused = change -> false);
        diary.pass("four minutes and 50 s: still draining", Duration.ofSeconds(290));
        diary.pass("let go", Duration.ofSeconds(11));
        diary.change("the removed one of the file comes back", edit -> edit.add("a", new NewBackend(endpoint("10.0.0.1"), 77)));
        diary.event("the disk is full", () -> diary.bench.disk.full = true);
        diary.change("so nothing is changed", edit -> edit.weight(2, OptionalInt.of(8)));
        diary.pass("which is told as long as it lasts", Duration.ofSeconds(6));
        diary.load("but the file changes an entry", Fixtures.config(List.of(web(), dns("ipip"), own()), a(90), b(), unchecked(), spare()));
        diary.pass("which is said", Duration.ofSeconds(6));
        diary.event("there is room", () -> diary.bench.disk.full = false);
        diary.pass("and nothing more is said", Duration.ofSeconds(6));
        diary.load("another file: an entry has changed, an upstream is gone", Fixtures.config(List.of(web(), dns("ipip")), a(101), b()));
        diary.load("the first file again", all("ipip"));
        return diary;
    }

    Diary troubles() {
        Diary diary = begun();
        diary.event("the data path refuses the file", () -> {
            diary.plane.refusesConfiguration = true;
            diary.bench.load(all("nat"));
        });
        diary.pass("it is tried again", Duration.ofSeconds(1));
        diary.event("a bug in the data path", () -> {
            diary.plane.refusesConfiguration = false;
            diary.plane.bug = Optional.of(new IllegalStateException("a test's bug"));
            diary.bench.load(all("nat"));
        });
        diary.event("no bug, and the file in force again", () -> {
            diary.plane.bug = Optional.empty();
            diary.bench.load(all("ipip"));
        });
        diary.event("a bug when a change is made", () -> {
            diary.plane.bug = Optional.of(new IllegalStateException());
            diary.bench.probes.down("b", "10.0.0.1");
            diary.bench.round();
        });
        diary.pass("which is told until it is over", Duration.ofMillis(250));
        diary.event("it is over", () -> {
            diary.plane.bug = Optional.empty();
            diary.bench.probes.up("b", "10.0.0.1");
        });
        diary.pass("some seconds later", Duration.ofSeconds(10));
        diary.event("another method for one vip, whose next hops are unknown", () -> {
            diary.plane.unknownHops.addAll(Set.of(key("b", "10.0.0.1", "nat"), key("b", "10.0.0.3", "nat")));
            diary.bench.load(all("nat"));
        });
        diary.pass("held until it may be known", Duration.ofMillis(1_000));
        diary.pass("not any longer", Duration.ofMillis(7_000));
        diary.event("one is known", () -> {
            diary.plane.unknownHops.remove(key("b", "10.0.0.3", "nat"));
            diary.bench.round();
        });
        diary.plane.unknownHops.clear();
        diary.event("the kernel refuses a table of one vip", () -> {
            diary.plane.refused = change -> change instanceof Change.PutTable put && put.tables().get(0).vip().equals("dns");
            diary.bench.round();
        });
        diary.pass("tried again", Duration.ofSeconds(2));
        diary.event("and takes it", () -> diary.plane.refused = change -> false);
        diary.pass("nothing is said of it any more", Duration.ofSeconds(6));
        diary.event("an algorithm fails for one vip", () -> {
            diary.plane.unbuilt.put("own", false);
            diary.bench.change(edit -> edit.add("own", new NewBackend(endpoint("10.0.0.9"), 3)));
        });
        diary.event("and works again", () -> {
            diary.plane.unbuilt.clear();
            diary.bench.round();
        });
        diary.event("a method is undeployed, which the program keeps", () -> {
            diary.plane.methods.computeIfPresent("nat", (name, view) -> new MethodView(false, view.direct(), view.stateful(), view.pairs()));
            diary.bench.round();
        });
        diary.event("an algorithm is undeployed", () -> {
            diary.plane.algorithms.clear();
            diary.bench.round();
        });
        diary.change("changes of its vips are refused", edit -> edit.weight(5, OptionalInt.of(1)));
        diary.event("a protocol's handler too", () -> {
            diary.plane.gone.add(Protocol.UDP);
            diary.bench.round();
        });
        diary.event("everything is back", () -> {
            diary.plane.gone.clear();
            diary.plane.algorithms.add("maglev");
            diary.plane.methods.computeIfPresent("nat", (name, view) -> new MethodView(true, view.direct(), view.stateful(), view.pairs()));
            diary.bench.round();
        });
        diary.event("the data path has a problem", () -> {
            diary.plane.problems = List.of(Problem.of("LOOM-1295", "nearly full", "why", "fix"));
            diary.bench.round();
        });
        diary.event("and none any more", () -> {
            diary.plane.problems = List.of();
            diary.bench.round();
        });
        diary.event("attached nowhere", () -> {
            diary.plane.attachments = List.of(new AttachmentView("eth0", 2, "none", 0, "gone"), new AttachmentView("eth1", 3, "none", 0, "never there"));
            diary.bench.round();
        });
        diary.event("attached to one of two", () -> {
            diary.plane.attachments = List.of(ETH0, new AttachmentView("eth1", 3, "none", 0, "never there"));
            diary.bench.round();
        });
        diary.load("switched off", Fixtures.config(false, List.of(web(), dns("nat"), own()), List.of(a(100), b(), unchecked(), spare())));
        diary.load("and on", all("nat"));
        return diary;
    }

    Diary restarts() {
        Diary diary = begun();
        diary.change("a weight", edit -> edit.weight(5, OptionalInt.of(12)));
        diary.change("a backend", edit -> edit.add("b", new NewBackend(endpoint("10.0.0.7"), 35)));
        diary.event("one is down", () -> {
            diary.bench.probes.down("a", "10.0.0.2");
            diary.bench.round();
        });
        diary.event("a restart", () -> {
            diary.restart();
            diary.plane.unknownHops.add(key("a", "10.0.0.1", "nat"));
            diary.bench.round();
        });
        diary.load("with the same file", all("ipip"));
        diary.pass("before any result", Duration.ofMillis(500));
        diary.event("a result", () -> {
            diary.plane.unknownHops.clear();
            diary.bench.probes.up("a", "10.0.0.1");
            diary.bench.round();
        });
        diary.pass("patience is over", Duration.ofSeconds(4));
        diary.event("the one that was down is probed", () -> {
            diary.bench.probes.up("a", "10.0.0.2");
            diary.bench.round();
        });
        return diary;
    }

    @Test
    void whatHealthChanges() throws IOException {
        assertDiary("health", health());
    }

    @Test
    void whatRuntimeChangesChange() throws IOException {
        assertDiary("changes", changes());
    }

    @Test
    void whatTroublesChangeAndTheirEnd() throws IOException {
        assertDiary("troubles", troubles());
    }

    @Test
    void whatARestartChanges() throws IOException {
        assertDiary("restarts", restarts());
    }
}
