package io.loom.api.control;

import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Views and runtime changes. Each change is durable and in the kernel when its method returns; it throws
 * {@link io.loom.api.LoomException} with every problem otherwise, and then nothing has changed. Thread-safe.
 */
@ProviderType
public interface LoomControl {

    Status status();

    List<VipView> vips();

    /** All backends of all upstreams, ordered by id. */
    List<BackendView> backends();

    /** Names of the upstreams that a vip uses or that have backends, in their order. */
    default List<String> upstreams() {
        return Stream.concat(vips().stream().map(VipView::upstream), backends().stream().map(BackendView::upstream)).distinct().sorted().toList();
    }

    /** @throws io.loom.api.LoomException LOOM-3404 if there is none */
    BackendView backend(int id);

    /**
     * @param upstream name of the group; empty means {@code default}, else the only one, else LOOM-3400 with the choices
     * @throws io.loom.api.LoomException LOOM-3409 if the upstream has this endpoint already
     */
    BackendView addBackend(String upstream, NewBackend backend);

    /** @param weight new weight; empty: unchanged */
    BackendView changeBackend(int id, OptionalInt weight);

    /** Takes it out of new choices at once; its connections drain. */
    void removeBackend(int id);
}
