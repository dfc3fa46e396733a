package io.loom.api.control;

import java.util.List;
import org.osgi.annotation.versioning.ProviderType;

/** Plugins, where they came from and who uses them. Thread-safe; never waits. */
@ProviderType
public interface PluginListing {

    /** Every file in deploy/, by name, and after them bundles from elsewhere that provide plugins. */
    List<PluginView> plugins();
}
