// SPDX-License-Identifier: Apache-2.0
package consort.script;

import consort.api.Caller;
import consort.api.Instrument;
import consort.api.Role;
import consort.api.State;
import consort.api.coordinator.Coordinator;
import consort.api.coordinator.Groups;
import consort.api.coordinator.InstrumentSpec;
import consort.api.coordinator.Leases;
import consort.api.driver.Connection;
import consort.api.driver.DriverFactory;
import consort.api.script.ScriptRequest;
import consort.api.script.ScriptResult;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.launch.FrameworkFactory;
import org.osgi.util.tracker.ServiceTracker;

/**
 * The runtime's own coordinator in a framework of this JVM, with instruments of {@link
 * ProbeDriver}, and scripts that are given as text.
 */
final class ScriptNode implements AutoCloseable {

  static final Caller OPERATOR = new Caller("anna", Role.OPERATOR, "test");

  private static final Duration LIMIT = Duration.ofSeconds(10);

  final Path home;
  final MemoryBuffers buffers;
  final ProbeDriver.Bench bench = new ProbeDriver.Bench();
  private final Framework framework;
  private final LuaScripts scripts;
  private int files;

  ScriptNode() throws Exception {
    this(Budget.INSTRUCTIONS, Watch.most(Runtime.getRuntime().maxMemory()));
  }

  ScriptNode(long instructions, long memory) throws Exception {
    home = Files.createTempDirectory("consort-script");
    List<Path> jars =
        List.of(System.getProperty("java.class.path").split(File.pathSeparator)).stream()
            .map(Path::of)
            .filter(p -> p.toString().endsWith(".jar"))
            .toList();
    Map<String, String> properties = new HashMap<>();
    properties.put(Constants.FRAMEWORK_STORAGE, home.resolve("cache").toString());
    properties.put("consort.home", home.toString());
    properties.put(Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA, exportsOf(jars));
    framework =
        ServiceLoader.load(FrameworkFactory.class)
            .findFirst()
            .orElseThrow()
            .newFramework(properties);
    framework.start();
    List<Bundle> bundles = new ArrayList<>();
    for (Path jar : jars) {
      if (isBundleToRun(jar.getFileName().toString())) {
        bundles.add(framework.getBundleContext().installBundle("reference:" + jar.toUri()));
      }
    }
    for (Bundle bundle : bundles) {
      bundle.start();
    }
    framework
        .getBundleContext()
        .registerService(
            DriverFactory.class,
            setup -> new ProbeDriver(setup.instrument(), bench),
            new Hashtable<>(Map.of(DriverFactory.NAME, "probe")));
    Leases leases = service(Leases.class);
    buffers = new MemoryBuffers(leases);
    scripts =
        new LuaScripts(
            new Run.Node(service(Coordinator.class), service(Groups.class), leases, buffers),
            home.resolve("scripts"),
            instructions,
            memory);
  }

  private static boolean isBundleToRun(String name) {
    return name.startsWith("org.apache.felix.scr")
        || name.startsWith("org.apache.felix.eventadmin")
        || name.startsWith("org.osgi.service.component-")
        || name.startsWith("org.osgi.util.")
        || name.startsWith("jSerialComm")
        || name.startsWith("consort.coordinator")
        || name.startsWith("consort.link");
  }

  private static String exportsOf(List<Path> jars) throws IOException {
    List<String> exports = new ArrayList<>();
    for (Path jar : jars) {
      String name = jar.getFileName().toString();
      if (name.startsWith("consort.api") || name.startsWith("slf4j-api")) {
        try (JarFile file = new JarFile(jar.toFile())) {
          exports.add(file.getManifest().getMainAttributes().getValue(Constants.EXPORT_PACKAGE));
        }
      }
    }
    return exports.stream()
        .map(e -> e.replaceAll(";uses:=\"[^\"]*\"", ""))
        .collect(Collectors.joining(","));
  }

  <S> S service(Class<S> type) throws InterruptedException {
    BundleContext context = framework.getBundleContext();
    ServiceTracker<S, S> tracker = new ServiceTracker<>(context, type, null);
    tracker.open();
    S service = tracker.waitForService(LIMIT.toMillis());
    if (service == null) {
      throw new AssertionError("there is no " + type.getSimpleName());
    }
    return service;
  }

  LuaScripts scripts() {
    return scripts;
  }

  Coordinator coordinator() {
    try {
      return service(Coordinator.class);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Adds an instrument, ready to be called. */
  ScriptNode with(String... names) {
    for (String name : names) {
      coordinator().put(InstrumentSpec.of(name, "probe", Connection.NONE));
      coordinator().require(name).call("idn");
    }
    return this;
  }

  /** Adds an instrument that is made of others, ready to be called. */
  Instrument composite(String name, Sandbox.Source source) {
    framework
        .getBundleContext()
        .registerService(
            DriverFactory.class,
            setup -> new CompositeDriver(setup.instrument(), scripts, source, home),
            new Hashtable<>(Map.of(DriverFactory.NAME, "lua." + name)));
    coordinator().put(InstrumentSpec.of(name, "lua." + name, Connection.NONE));
    org.awaitility.Awaitility.await()
        .until(() -> coordinator().require(name).status().state() == State.READY);
    return coordinator().require(name);
  }

  /** Writes a script. */
  Path script(String text) {
    return file("script" + ++files + ".lua", text);
  }

  Path file(String name, String text) {
    try {
      Path file = home.resolve(name);
      Files.createDirectories(file.getParent());
      return Files.writeString(file, text);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Runs a script that is given as text. */
  ScriptResult run(String text) {
    return run(ScriptRequest.of(script(text)));
  }

  ScriptResult run(ScriptRequest request) {
    return scripts.run(request, OPERATOR);
  }

  @Override
  public void close() throws BundleException {
    scripts.close();
    buffers.close();
    framework.stop();
    try {
      framework.waitForStop(LIMIT.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
