package io.loom.control.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.loom.api.control.DeployedFile;
import io.loom.api.control.DeployedFile.State;
import io.loom.api.control.PluginView;
import io.loom.api.control.PluginView.Provided;
import io.loom.api.control.VipView;
import io.loom.control.dataplane.PluginFact;
import java.util.List;
import org.junit.jupiter.api.Test;

class PluginTableTest {
    private static VipView vip(String name, String algorithm, String method) {
        return new VipView(name, List.of(), List.of("tcp"), algorithm, method, new VipView.Handling("full", false, "keep"), "default", 0, 0,
                List.of());
    }

    private static PluginFact fact(long bundle, String kind, String name, int rank, String reason) {
        return new PluginFact(bundle, "bundle" + bundle, "1.0." + bundle, kind, name, rank, reason);
    }

    @Test
    void everyFileHasALineWithWhatItsBundleProvidesAndWhoUsesIt() {
        List<PluginFact> facts = List.of(
                fact(7, "algorithm", "maglev", 2, ""), fact(8, "algorithm", "maglev", 1, ""), fact(8, "method", "nat", 1, ""),
                fact(9, "protocol", "TCP", 1, ""), fact(10, "forwarding method", "", 0, "its forwarding method fails: no"));
        List<VipView> vips = List.of(vip("web", "maglev", "nat"), vip("api", "maglev", "l2"), vip("old", "random", "l2"));
        List<DeployedFile> files = List.of(
                new DeployedFile("a.jar", "bundle7", "1.0.7", 7, State.ACTIVE, ""),
                new DeployedFile("b.jar", "bundle8", "1.0.8", 8, State.ACTIVE, ""),
                new DeployedFile("c.jar", "", "", 0, State.BROKEN, "the file is empty"),
                new DeployedFile("d.jar", "bundle10", "1.0.10", 10, State.ACTIVE, ""));
        assertEquals(List.of(
                new PluginView("a.jar", "bundle7", "1.0.7", "active", 2, List.of(new Provided("algorithm", "maglev", 2, List.of())),
                        "another bundle with the same algorithm serves"),
                new PluginView("b.jar", "bundle8", "1.0.8", "active", 1, List.of(
                        new Provided("algorithm", "maglev", 1, List.of("api", "web")), new Provided("method", "nat", 1, List.of("web"))), ""),
                new PluginView("c.jar", "", "", "broken", 0, List.of(), "the file is empty"),
                new PluginView("d.jar", "bundle10", "1.0.10", "active", 0, List.of(), "its forwarding method fails: no"),
                new PluginView("", "bundle9", "1.0.9", "active", 1,
                        List.of(new Provided("protocol", "tcp", 1, List.of("api", "old", "web"))), "")),
                new PluginTable(facts, vips).of(files));
    }

    @Test
    void aBundleThatNoFileBroughtHasFailedIfNothingOfItHasSaidWhatItIs() {
        List<PluginFact> facts = List.of(fact(5, "algorithm", "", 0, "its algorithm fails: no"), fact(6, "algorithm", "", 0, "its algorithm fails: no"),
                fact(6, "method", "l2", 1, ""));
        assertEquals(List.of("bundle5 failed", "bundle6 active"),
                new PluginTable(facts, List.of()).of(List.of()).stream().map(view -> view.symbolicName() + " " + view.state()).toList());
    }
}
