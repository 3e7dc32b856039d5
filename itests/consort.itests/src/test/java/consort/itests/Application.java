// SPDX-License-Identifier: Apache-2.0
package consort.itests;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.apache.felix.framework.FrameworkFactory;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.launch.Framework;

/** An OSGi application that is not Consort: a bare framework of this JVM, with some bundles. */
final class Application implements AutoCloseable {

  private final Framework framework;

  private Application(Framework framework) {
    this.framework = framework;
  }

  /** Starts the jars, in the order they are given. */
  static Application start(Path folder, Map<String, String> properties, Collection<Path> jars)
      throws BundleException {
    // Of a runtime that ran in this JVM before.
    System.clearProperty("consort.home");
    Map<String, String> all = new HashMap<>(properties);
    all.put(Constants.FRAMEWORK_STORAGE, folder.resolve("cache").toString());
    all.put(Constants.FRAMEWORK_STORAGE_CLEAN, Constants.FRAMEWORK_STORAGE_CLEAN_ONFIRSTINIT);
    Application application = new Application(new FrameworkFactory().newFramework(all));
    application.framework.start();
    try {
      List<Bundle> bundles = new ArrayList<>();
      for (Path jar : jars) {
        bundles.add(application.context().installBundle("reference:" + jar.toUri()));
      }
      for (Bundle bundle : bundles) {
        bundle.start();
      }
      return application;
    } catch (BundleException e) {
      application.close();
      throw e;
    }
  }

  /** The jars of a folder of the distribution whose names begin so; one for each. */
  static List<Path> jars(String folder, String... names) throws IOException {
    List<Path> found = new ArrayList<>();
    for (String name : names) {
      try (Stream<Path> all = Files.list(Folders.distribution().resolve(folder))) {
        found.add(
            all.filter(jar -> jar.getFileName().toString().startsWith(name + "-"))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + name + " in " + folder)));
      }
    }
    return found;
  }

  /** Installs and starts a bundle that was made for a test. */
  Bundle install(Jars jar) throws IOException, BundleException {
    byte[] bytes = jar.bytes();
    Bundle bundle =
        context().installBundle("test:" + Arrays.hashCode(bytes), new ByteArrayInputStream(bytes));
    bundle.start();
    return bundle;
  }

  BundleContext context() {
    return framework.getBundleContext();
  }

  /** A bundle by its symbolic name. */
  Bundle bundle(String name) {
    for (Bundle bundle : context().getBundles()) {
      if (name.equals(bundle.getSymbolicName())) {
        return bundle;
      }
    }
    throw new AssertionError("no bundle " + name);
  }

  /** The service of this type that a filter finds; null for none. */
  <S> ServiceReference<S> find(Class<S> type, String filter) {
    return find(context(), type, filter);
  }

  /** The service that a bundle finds. */
  static <S> ServiceReference<S> find(BundleContext context, Class<S> type, String filter) {
    try {
      return context.getServiceReferences(type, filter).stream().findFirst().orElse(null);
    } catch (InvalidSyntaxException e) {
      throw new AssertionError(e);
    }
  }

  /** Waits for a service. */
  <S> S await(Class<S> type, String filter) throws InterruptedException {
    await("there is a " + type.getName() + filter, () -> find(type, filter) != null);
    return context().getService(find(type, filter));
  }

  /** Waits until something holds; fails after a while. */
  static void await(String what, BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + NodeProcess.LIMIT.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new AssertionError(
            "waiting until " + what + ": not within " + NodeProcess.LIMIT.toSeconds() + " s");
      }
      java.util.concurrent.locks.LockSupport.parkNanos(5_000_000);
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
    }
  }

  @Override
  public void close() throws BundleException {
    framework.stop();
    try {
      framework.waitForStop(NodeProcess.LIMIT.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
