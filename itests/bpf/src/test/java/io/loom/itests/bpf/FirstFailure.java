package io.loom.itests.bpf;

import java.lang.reflect.Method;
import org.junit.jupiter.api.extension.DynamicTestInvocationContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;

/** Skips every test after the first that failed. Only mutation runs register it: one failing row is enough to kill a mutant. */
public final class FirstFailure implements InvocationInterceptor {
    private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(FirstFailure.class);

    @Override
    public void interceptDynamicTest(
            Invocation<Void> test, DynamicTestInvocationContext invocation, ExtensionContext context) throws Throwable {
        unlessFailed(test, context);
    }

    @Override
    public void interceptTestMethod(
            Invocation<Void> test, ReflectiveInvocationContext<Method> invocation, ExtensionContext context) throws Throwable {
        unlessFailed(test, context);
    }

    @Override
    public void interceptTestTemplateMethod(
            Invocation<Void> test, ReflectiveInvocationContext<Method> invocation, ExtensionContext context) throws Throwable {
        unlessFailed(test, context);
    }

    private static void unlessFailed(Invocation<Void> test, ExtensionContext context) throws Throwable {
        ExtensionContext.Store run = context.getRoot().getStore(NAMESPACE);
        if (run.get("failed") != null) {
            test.skip();
            return;
        }
        try {
            test.proceed();
        } catch (Throwable failure) {
            run.put("failed", true);
            throw failure;
        }
    }
}
