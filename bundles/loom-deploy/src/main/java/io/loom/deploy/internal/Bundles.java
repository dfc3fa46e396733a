package io.loom.deploy.internal;

import java.util.Collection;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.FrameworkEvent;
import org.osgi.framework.hooks.bundle.CollisionHook;
import org.osgi.framework.startlevel.BundleStartLevel;
import org.osgi.framework.wiring.FrameworkWiring;

/** What the framework does with bundles of the folder. Whatever runs code of a bundle is an {@link Errand}. */
final class Bundles {
    /** Such as are there when Loom's own bundles start, and are still there when these have stopped. */
    private static final int START_LEVEL = 28;
    private static final long REFRESH_SECONDS = 5;

    private final BundleContext context;
    private int installed;

    /** @param hopeless bundles that do not come back from being started or stopped, at any moment: others may take their names */
    Bundles(BundleContext context, Collection<Bundle> hopeless) {
        this.context = context;
        CollisionHook hook = (operation, target, candidates) -> candidates.removeAll(hopeless);
        context.registerService(CollisionHook.class, hook, null);
    }

    /** Never the same place twice: the framework would take it for the bundle that was there. */
    Bundle install(String file, PluginJar jar) throws BundleException {
        Bundle bundle = context.installBundle("loom-deploy:" + file + "#" + ++installed, jar.open());
        bundle.adapt(BundleStartLevel.class).setStartLevel(START_LEVEL);
        return bundle;
    }

    Errand start(String file, Bundle bundle) {
        return Errand.start("starts " + file, () -> bundle.start(Bundle.START_TRANSIENT));
    }

    /** The bundle keeps its number. */
    Errand update(String file, Bundle bundle, PluginJar jar) {
        return Errand.start("replaces " + file, () -> {
            bundle.stop(Bundle.STOP_TRANSIENT);
            bundle.update(jar.open());
            refresh(bundle);
            bundle.start(Bundle.START_TRANSIENT);
        });
    }

    Errand uninstall(String file, Bundle bundle) {
        return Errand.start("removes " + file, () -> {
            bundle.uninstall();
            refresh(bundle);
        });
    }

    /** Those that use its packages get those of the new one. */
    private void refresh(Bundle bundle) throws InterruptedException {
        CountDownLatch done = new CountDownLatch(1);
        FrameworkWiring framework = context.getBundle(0).adapt(FrameworkWiring.class);
        framework.refreshBundles(List.of(bundle), event -> {
            if (event.getType() == FrameworkEvent.PACKAGES_REFRESHED) {
                done.countDown();
            }
        });
        done.await(REFRESH_SECONDS, TimeUnit.SECONDS);
    }

    /** The bundle that has this name and version already, as people call it; empty if there is none. */
    String holder(PluginJar jar) {
        for (Bundle bundle : context.getBundles()) {
            if (jar.identity().equals(bundle.getSymbolicName() + " " + bundle.getVersion())) {
                return bundle.getLocation();
            }
        }
        return "";
    }
}
