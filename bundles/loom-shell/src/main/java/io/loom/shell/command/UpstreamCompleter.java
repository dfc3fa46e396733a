package io.loom.shell.command;

import io.loom.api.control.LoomControl;
import java.util.List;
import org.apache.karaf.shell.api.action.lifecycle.Service;

/** Names of the upstreams that a vip uses or that have backends. */
@Service
public final class UpstreamCompleter extends NameCompleter {
    @Override
    List<String> names(LoomControl running) {
        return running.upstreams();
    }
}
