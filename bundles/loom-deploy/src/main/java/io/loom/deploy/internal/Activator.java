package io.loom.deploy.internal;

import io.loom.api.control.Deployment;
import java.nio.file.Path;
import org.osgi.annotation.bundle.Header;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;

/** Begins before Loom's other bundles, so that they know at their start whom to wait for. */
@Header(name = Constants.BUNDLE_ACTIVATOR, value = "${@class}")
public final class Activator implements BundleActivator {
    private static final String COMPONENTS = "org.osgi.service.component.runtime.ServiceComponentRuntime";

    private Deployer deployer;

    @Override
    public void start(BundleContext context) {
        BrokenThreads.watch();
        Path folder = Path.of(context.getProperty("karaf.base"), "deploy");
        Path scratch = context.getDataFile("candidate.jar").toPath();
        deployer = new Deployer(context, folder, scratch, () -> context.getServiceReference(COMPONENTS) != null);
        context.registerService(Deployment.class, deployer, null);
        ShutdownWatch.install(context, deployer::busy);
        deployer.start();
    }

    @Override
    public void stop(BundleContext context) {
        deployer.close();
    }
}
