package io.loom.control.internal;

import io.loom.api.control.DeployedFile;
import io.loom.api.control.PluginView;
import io.loom.api.control.PluginView.Provided;
import io.loom.api.control.VipView;
import io.loom.control.dataplane.PluginFact;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Puts together what the folder, the data plane and the vips know of plugins. Pure. */
final class PluginTable {
    private final Collection<VipView> vips;
    private final Map<Long, List<PluginFact>> facts;

    PluginTable(Collection<PluginFact> facts, Collection<VipView> vips) {
        this.vips = vips;
        this.facts = facts.stream().collect(Collectors.groupingBy(PluginFact::bundle, TreeMap::new, Collectors.toList()));
    }

    /** Files by name, then bundles that no file brought. */
    List<PluginView> of(List<DeployedFile> files) {
        List<PluginView> views = new ArrayList<>();
        Map<Long, List<PluginFact>> others = new TreeMap<>(facts);
        for (DeployedFile file : files) {
            List<PluginFact> mine = file.bundle() == 0 ? List.of() : others.getOrDefault(file.bundle(), List.of());
            others.remove(file.bundle());
            views.add(view(file.file(), file.symbolicName(), file.version(), file.state().name(), mine, file.reason()));
        }
        others.values().forEach(bundle -> views.add(view("", bundle.get(0).symbolicName(), bundle.get(0).version(),
                (bundle.stream().allMatch(fact -> fact.name().isEmpty()) ? DeployedFile.State.FAILED : DeployedFile.State.ACTIVE).name(),
                bundle, "")));
        return views;
    }

    private PluginView view(String file, String name, String version, String state, List<PluginFact> mine, String reason) {
        List<Provided> provides = mine.stream().filter(fact -> !fact.name().isEmpty()).map(this::provided)
                .sorted(Comparator.comparing(Provided::kind).thenComparing(Provided::name)).toList();
        int rank = provides.stream().mapToInt(Provided::rank).min().orElse(0);
        String behind = rank > 1 ? "another bundle with the same " + provides.get(0).kind() + " serves" : "";
        String reasons = Stream.concat(Stream.of(reason, behind), mine.stream().map(PluginFact::reason))
                .filter(text -> !text.isEmpty()).collect(Collectors.joining("; "));
        return new PluginView(file, name, version, state.toLowerCase(Locale.ROOT), rank, provides, reasons);
    }

    private Provided provided(PluginFact fact) {
        List<String> users = fact.rank() > 1 ? List.of()
                : vips.stream().filter(vip -> uses(vip, fact)).map(VipView::name).sorted().toList();
        return new Provided(fact.kind(), fact.kind().equals("protocol") ? fact.name().toLowerCase(Locale.ROOT) : fact.name(),
                fact.rank(), users);
    }

    private static boolean uses(VipView vip, PluginFact fact) {
        return switch (fact.kind()) {
            case "algorithm" -> vip.algorithm().equals(fact.name());
            case "method" -> vip.forwarding().equals(fact.name());
            default -> vip.protocols().contains(fact.name().toLowerCase(Locale.ROOT));
        };
    }
}
