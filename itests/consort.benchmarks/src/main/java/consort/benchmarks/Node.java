// SPDX-License-Identifier: Apache-2.0
package consort.benchmarks;

import consort.api.coordinator.Coordinator;
import consort.api.driver.DriverFactory;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import org.apache.felix.framework.FrameworkFactory;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.launch.Framework;
import org.osgi.util.tracker.ServiceTracker;

/**
 * The runtime's own coordinator and links in a framework of this JVM. The API comes from the class
 * path, so that the benchmarks call the service without any detour.
 */
final class Node implements AutoCloseable {

  private final Framework framework;
  private final Coordinator coordinator;

  Node() throws IOException, BundleException, InterruptedException {
    this("bench", null);
  }

  /**
   * A node that may use others.
   *
   * @param mesh what its settings say of other nodes; null for none
   */
  Node(String name, String mesh) throws IOException, BundleException, InterruptedException {
    this(name, Files.createTempDirectory("consort-benchmark"), mesh);
  }

  /** The same with a home that may have keys. */
  Node(String name, Path home, String mesh)
      throws IOException, BundleException, InterruptedException {
    List<Path> jars =
        List.of(System.getProperty("java.class.path").split(File.pathSeparator)).stream()
            .map(Path::of)
            .filter(p -> p.toString().endsWith(".jar"))
            .toList();
    Map<String, String> properties = new HashMap<>();
    properties.put(
        Constants.FRAMEWORK_STORAGE, Files.createTempDirectory("consort-benchmark").toString());
    if (mesh != null) {
      Files.writeString(Files.createDirectory(home.resolve("etc")).resolve("consort.yaml"), mesh);
    }
    properties.put("consort.home", home.toString());
    properties.put("consort.node", name);
    properties.put(
        Constants.FRAMEWORK_STORAGE_CLEAN, Constants.FRAMEWORK_STORAGE_CLEAN_ONFIRSTINIT);
    properties.put(Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA, exportsOf(jars));
    framework = new FrameworkFactory().newFramework(properties);
    framework.start();
    List<Bundle> bundles = new ArrayList<>();
    for (Path jar : jars) {
      String file = jar.getFileName().toString();
      if (isBundleToRun(file) || (mesh != null && isBundleOfTheMesh(file))) {
        bundles.add(framework.getBundleContext().installBundle("reference:" + jar.toUri()));
      }
    }
    for (Bundle bundle : bundles) {
      bundle.start();
    }
    ServiceTracker<Coordinator, Coordinator> tracker =
        new ServiceTracker<>(framework.getBundleContext(), Coordinator.class, null);
    tracker.open();
    coordinator = tracker.waitForService(10_000);
    if (coordinator == null) {
      throw new IllegalStateException("the coordinator did not start");
    }
  }

  private static boolean isBundleToRun(String name) {
    return name.startsWith("org.apache.felix.scr")
        || name.startsWith("org.apache.felix.eventadmin")
        || name.startsWith("org.osgi.service.component-")
        || name.startsWith("org.osgi.util.")
        || name.startsWith("jSerialComm")
        || name.startsWith("consort.coordinator")
        || name.startsWith("consort.declarative")
        || name.startsWith("consort.yaml")
        || name.startsWith("snakeyaml")
        || name.startsWith("consort.script")
        || name.startsWith("consort.commands")
        || name.startsWith("jackson-core")
        || name.startsWith("consort.link");
  }

  private static boolean isBundleOfTheMesh(String name) {
    return name.startsWith("consort.remote")
        || name.startsWith("consort.discovery")
        || name.startsWith("consort.security")
        || name.startsWith("consort.yaml")
        || name.startsWith("org.apache.aries.rsa.core")
        || name.startsWith("org.apache.aries.rsa.spi")
        || name.startsWith("org.apache.aries.rsa.topology")
        || name.startsWith("jackson-")
        || name.startsWith("snakeyaml");
  }

  private static String exportsOf(List<Path> jars) throws IOException {
    List<String> exports = new ArrayList<>();
    for (Path jar : jars) {
      String name = jar.getFileName().toString();
      if (name.startsWith("consort.api") || name.startsWith("slf4j-api")) {
        try (JarFile file = new JarFile(jar.toFile())) {
          Manifest manifest = file.getManifest();
          exports.add(manifest.getMainAttributes().getValue(Constants.EXPORT_PACKAGE));
        }
      }
    }
    exports.add("consort.benchmarks");
    return exports.stream()
        .map(e -> e.replaceAll(";uses:=\"[^\"]*\"", ""))
        .collect(Collectors.joining(","));
  }

  /** Another service of the runtime. */
  <S> S service(Class<S> type) {
    BundleContext context = framework.getBundleContext();
    try {
      // of all: the framework cannot tell of a service that is not made yet whether types agree
      ServiceReference<?>[] all = context.getAllServiceReferences(type.getName(), null);
      return type.cast(context.getService(all[0]));
    } catch (InvalidSyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  Coordinator coordinator() {
    return coordinator;
  }

  BundleContext context() {
    return framework.getBundleContext();
  }

  /** An instrument, once it is there; also one of another node. */
  consort.api.Instrument await(String name) throws InterruptedException {
    long end = System.nanoTime() + 30_000_000_000L;
    while (coordinator.instrument(name).isEmpty()) {
      if (System.nanoTime() > end) {
        throw new IllegalStateException(name + " does not come");
      }
      Thread.sleep(10);
    }
    return coordinator.require(name);
  }

  /** An instrument's typed service, also of another node; as a bundle that refers to it has it. */
  <S> S await(Class<S> type, String name) throws Exception {
    BundleContext context = framework.getBundleContext();
    ServiceTracker<S, S> tracker =
        new ServiceTracker<>(
            context,
            context.createFilter(
                "(&(objectClass=" + type.getName() + ")(consort.instrument=" + name + "))"),
            null);
    tracker.open();
    S service = tracker.waitForService(30_000);
    if (service == null) {
      throw new IllegalStateException(name + " does not come as a " + type.getSimpleName());
    }
    return service;
  }

  /** Publishes a driver, as a bundle would. */
  void driver(String name, DriverFactory factory) {
    framework
        .getBundleContext()
        .registerService(
            DriverFactory.class, factory, new Hashtable<>(Map.of(DriverFactory.NAME, name)));
  }

  @Override
  public void close() throws BundleException {
    framework.stop();
    try {
      framework.waitForStop(5000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
