package io.loom.datapath.internal;

import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicLong;
import org.osgi.framework.Bundle;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.Version;

/** A service reference that knows its number and its bundle's version. */
final class FakeReference {
    private static final AtomicLong NUMBERS = new AtomicLong(100);

    private FakeReference() {}

    @SuppressWarnings("unchecked")
    static <T> ServiceReference<T> ofVersion(String version) {
        long number = NUMBERS.incrementAndGet();
        Bundle bundle = (Bundle) Proxy.newProxyInstance(
                FakeReference.class.getClassLoader(), new Class<?>[] {Bundle.class}, (proxy, method, arguments) ->
                        switch (method.getName()) {
                            case "getVersion" -> Version.parseVersion(version);
                            case "getBundleId" -> number;
                            case "getSymbolicName" -> "fake";
                            default -> throw new UnsupportedOperationException(method.getName());
                        });
        return (ServiceReference<T>) Proxy.newProxyInstance(
                FakeReference.class.getClassLoader(), new Class<?>[] {ServiceReference.class}, (proxy, method, arguments) ->
                        switch (method.getName()) {
                            case "getProperty" -> number;
                            case "getBundle" -> bundle;
                            default -> throw new UnsupportedOperationException(method.getName());
                        });
    }
}
