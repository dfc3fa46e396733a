package io.loom.control.dataplane;

import io.loom.api.Problem;
import io.loom.api.Protocol;
import io.loom.api.config.LoomConfig;
import io.loom.api.control.Status;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.osgi.annotation.versioning.ProviderType;

/**
 * The kernel side of forwarding. Called from the control plane's one writer thread, except where noted. A failure throws
 * {@link io.loom.api.LoomException} and leaves what was there before.
 */
@ProviderType
public interface DataPlane {

    /**
     * Opens the instance's maps and program, or adopts what is pinned, and attaches to the interfaces. Called with every new
     * configuration; what has not changed is not touched. Map sizes and types that differ from those in force are refused as
     * problems in {@link #problems()} ("needs restart"); everything else applies.
     */
    void configure(LoomConfig config);

    /**
     * What is in the kernel's maps now. After adoption this is what the previous process left: tables of unknown content
     * have the algorithm name {@code ""} and no weights, so that they differ from any wanted one.
     */
    KernelState applied();

    /** Applies one change; on return it is in the kernel. Linking, loading and table building may happen on other threads. */
    void apply(Change change);

    /** The same, but the change, unless it fails at once, may be in the kernel only after {@link #flush}: many cost what one does. */
    default void applyLater(Change change) {
        apply(change);
    }

    /** On return what was applied by {@link #applyLater} is in the kernel, or of all those changes some may not be. */
    default void flush() {}

    /** Starts resolving next hops of these backends, and keeps them fresh; replaces the set. Any thread. */
    void resolve(Set<BackendKey> backends);

    /** Backends among those being resolved whose next hop is unknown, with the reason. Any thread. */
    Map<BackendKey, String> unresolved();

    /**
     * Addresses of the attached interfaces that can be a vip of the flat form: none that are link-local or that Loom put
     * there itself. Any thread.
     */
    Set<InetAddress> interfaceAddresses();

    /** Forwarding methods in the program that runs, by name. Any thread. */
    Map<String, MethodView> methods();

    /** Protocols with a handler in the program that runs. Any thread. */
    Set<Protocol> protocols();

    /** Protocols whose handler's bundle is there; of the others in {@link #protocols} the running program keeps it. Any thread. */
    default Set<Protocol> deployedProtocols() {
        return protocols();
    }

    /** Plugins that have come, also those that are not in use. Any thread. */
    default List<PluginFact> plugins() {
        return List.of();
    }

    /** Deployed algorithms. Any thread. */
    Set<String> algorithms();

    Status.ProgramView program();

    /** False after a restart, until it is known whether the program that runs is the one that is wanted, and that one is there. Any thread. */
    default boolean programSettled() {
        return true;
    }

    /** What is wrong or noteworthy on this side: attachment problems, "needs restart", methods that are missing. Any thread. */
    List<Problem> problems();

    /** Those that are tracked. Any thread. @throws io.loom.api.LoomException LOOM-1251 before the first configuration */
    TrackedConnections connections();

    /** Called, on any thread, when anything that the methods above answer has changed. One listener; replaces the previous. */
    void onChange(Runnable listener);

    /**
     * @param deployed false: its bundle is gone, the program keeps it while connections or tables use it
     * @param direct   see {@link io.loom.api.plugin.Description#direct()}
     * @param stateful see {@link io.loom.api.plugin.Description#stateful()}
     * @param pairs    backend families that it reaches, by family of the vip
     */
    record MethodView(
            boolean deployed, boolean direct, boolean stateful,
            Map<io.loom.api.Family, Set<io.loom.api.Family>> pairs) {}
}
