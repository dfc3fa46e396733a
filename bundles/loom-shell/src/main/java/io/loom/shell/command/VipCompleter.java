package io.loom.shell.command;

import io.loom.api.control.LoomControl;
import io.loom.api.control.VipView;
import java.util.List;
import org.apache.karaf.shell.api.action.lifecycle.Service;

/** Names of the vips. */
@Service
public final class VipCompleter extends NameCompleter {
    @Override
    List<String> names(LoomControl running) {
        return running.vips().stream().map(VipView::name).sorted().toList();
    }
}
