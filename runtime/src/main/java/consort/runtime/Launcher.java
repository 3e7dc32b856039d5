// SPDX-License-Identifier: Apache-2.0
package consort.runtime;

import consort.runtime.cli.Node;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.felix.framework.FrameworkFactory;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.launch.Framework;

/**
 * Runs one node in this process: {@code run [--home DIR] [--port N] [--log-level L] [--pid-file
 * FILE] [--shell] [--once]}; {@code --once} ends it as soon as it is ready, {@code
 * --once=NAME.VERB} as soon as that call was answered.
 */
public final class Launcher {

  // The user waits 3 s at most, and the process needs a moment after that.
  private static final Duration END = Duration.ofMillis(2700);
  private static final Duration READY = Duration.ofSeconds(30);
  private static final String LOGGING = "pax-logging";

  /** The bundle of the prompt, which is started only for somebody who sits before it. */
  public static final String SHELL = "org.apache.felix.gogo.jline";

  private final Times times = new Times();
  private final Options options;
  private final Home home;
  private final Framework framework;
  private Lock lock;

  private Launcher(Options options) throws IOException, Options.Wrong {
    this.options = options;
    this.home = isDemo() ? Demo.home(options) : options.home();
    this.framework =
        new FrameworkFactory()
            .newFramework(
                properties(
                    options.dist(),
                    home.root(),
                    isDemo() && options.port() == null ? "0" : options.port()));
  }

  public static void main(String[] args) {
    int code;
    try {
      Options options = Options.parse(args);
      if (options.words().size() != 1) {
        throw new Options.Wrong("run and demo take options only");
      }
      code = new Launcher(options).run();
    } catch (Options.Wrong wrong) {
      System.err.println("consort: " + wrong.getMessage());
      code = 2;
    } catch (IOException e) {
      System.err.println("consort: " + Home.said(e));
      code = 1;
    } catch (BundleException e) {
      System.err.println("consort: " + e.getMessage());
      code = 1;
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      code = 1;
    }
    System.exit(code);
  }

  private int run() throws IOException, BundleException, InterruptedException {
    System.setProperty("consort.home", home.root().toString());
    System.setProperty("consort.log.level", options.logLevel());
    // Until its configuration is read, Pax Logging writes to the console; it asks the system, not
    // the framework.
    System.setProperty("org.ops4j.pax.logging.DefaultServiceLog.level", "ERROR");
    home.prepare(options.dist().resolve("lib/home"));
    if (isDemo()) {
      Demo.clear(home);
    }
    lock = Lock.tryTake(home.lock());
    if (lock == null) {
      System.err.printf(
          "consort: a node already runs in %s%s%n",
          home.root(), home.process().map(p -> " (PID " + p.pid() + ")").orElse(""));
      return 1;
    }
    Files.deleteIfExists(home.nodeFile());
    Files.writeString(home.pidFile(), pid());
    if (options.pidFile() != null) {
      Files.writeString(options.pidFile(), pid());
    }
    Runtime.getRuntime().addShutdownHook(new Thread(this::end, "consort shutdown"));

    times.part("home, lock");
    framework.init();
    framework.start();
    times.part("framework");
    List<Bundle> bundles = install(framework.getBundleContext());
    times.part("bundles installed, logging started beside");
    for (Bundle bundle : bundles) {
      if (!bundle.getSymbolicName().equals(SHELL)) {
        // Nothing is kept from one start to the next, so it need not be written down.
        bundle.start(Bundle.START_TRANSIENT);
      }
    }
    times.part("bundles and components started");
    Optional<Home.Node> node = awaitListener();
    if (node.isEmpty()) {
      // A listener that cannot listen has said why, and stopped the framework.
      if (framework.getState() == Bundle.ACTIVE) {
        System.err.printf("consort: the node started, but does not listen; see %s%n", home.logs());
      }
      return 1;
    }
    System.out.printf(
        "Consort node %s is ready: http://127.0.0.1:%d (home %s)%n",
        node.get().name(), node.get().port(), home.root());
    times.part("listener");
    if (options.once()) {
      int code = options.call() == null ? 0 : firstCall();
      times.part("first call");
      return code;
    }
    if (isDemo()) {
      int code = demo();
      if (code != 0 || !Boolean.getBoolean("consort.terminal")) {
        return code;
      }
    }
    for (Bundle bundle : bundles) {
      if (bundle.getSymbolicName().equals(SHELL) && wantsShell()) {
        startShell(bundle);
      }
    }
    framework.waitForStop(0);
    return 0;
  }

  private static String pid() {
    return ProcessHandle.current().pid() + "\n";
  }

  private boolean isDemo() {
    return options.words().contains("demo");
  }

  private int demo() throws IOException, InterruptedException {
    try {
      return new Demo(options.dist(), home.root()).run() ? 0 : 1;
    } catch (Node.Absent e) {
      System.err.println("consort: " + e.getMessage());
      return 1;
    }
  }

  /**
   * JLine looks for its ways to drive a terminal in the context class loader, and only without one
   * in its own bundle; where it finds none, the prompt has neither completion nor history.
   */
  private static void startShell(Bundle bundle) throws BundleException {
    Thread thread = Thread.currentThread();
    ClassLoader ours = thread.getContextClassLoader();
    thread.setContextClassLoader(null);
    try {
      bundle.start();
    } finally {
      thread.setContextClassLoader(ours);
    }
  }

  private boolean wantsShell() {
    return (options.shell() || isDemo()) && Boolean.getBoolean("consort.terminal");
  }

  /**
   * The bundles of a node; those of the mesh first, so that what is exported finds them, and only
   * where the configuration speaks of other nodes. Tests install the same.
   */
  public static List<Path> jars(Path dist, Path root) throws IOException {
    List<Path> all = new ArrayList<>();
    for (String folder : new Home(root).bundleFolders()) {
      try (Stream<Path> jars = Files.list(dist.resolve(folder))) {
        jars.sorted().forEach(all::add);
      }
    }
    return all;
  }

  /**
   * Installs the bundles of the node; those of logging are started meanwhile, which takes about as
   * long, so that what the others say while starting is kept.
   */
  private List<Bundle> install(BundleContext context)
      throws IOException, BundleException, InterruptedException {
    Map<Boolean, List<Path>> jars =
        jars(options.dist(), home.root()).stream()
            .collect(
                Collectors.partitioningBy(jar -> jar.getFileName().toString().startsWith(LOGGING)));
    List<Bundle> logging = install(context, jars.get(true));
    // The implementation before its API, which would write to the console until then.
    Collections.reverse(logging);
    FutureTask<Void> start =
        new FutureTask<>(
            () -> {
              for (Bundle bundle : logging) {
                bundle.start(Bundle.START_TRANSIENT);
              }
              return null;
            });
    new Thread(start, "consort logging").start();
    List<Bundle> others = install(context, jars.get(false));
    try {
      start.get();
    } catch (ExecutionException e) {
      throw new BundleException("logging does not start: " + e.getCause().getMessage(), e);
    }
    return others;
  }

  private static List<Bundle> install(BundleContext context, List<Path> jars)
      throws BundleException {
    List<Bundle> bundles = new ArrayList<>();
    for (Path jar : jars) {
      // By reference: copying 15 MB into a cache that is wiped at each start would only cost time.
      bundles.add(context.installBundle("reference:" + jar.toUri()));
    }
    return bundles;
  }

  /** Asks the node as a client does, until it answers. */
  private int firstCall() throws InterruptedException {
    String[] call = options.call().split("\\.", 2);
    Map<String, Object> request = Map.of("name", call[0], "verb", call[call.length - 1]);
    Node client = new Node(home.root());
    long end = System.nanoTime() + READY.toNanos();
    try {
      Map<String, Object> reply = client.ask("call", request);
      while (!Boolean.TRUE.equals(reply.get("ok"))) {
        if (System.nanoTime() > end) {
          System.err.println("consort: " + reply.get("error"));
          return 1;
        }
        framework.waitForStop(2);
        reply = client.ask("call", request);
      }
      return 0;
    } catch (Node.Absent e) {
      System.err.println("consort: " + e.getMessage());
      return 1;
    }
  }

  /** The listener's bundle writes this file when it is up; nothing else tells its port. */
  private Optional<Home.Node> awaitListener() throws InterruptedException {
    long self = ProcessHandle.current().pid();
    long end = System.nanoTime() + READY.toNanos();
    while (System.nanoTime() < end && framework.getState() == Bundle.ACTIVE) {
      Optional<Home.Node> node = home.node().filter(n -> n.pid() == self);
      if (node.isPresent()) {
        return node;
      }
      framework.waitForStop(10);
    }
    return Optional.empty();
  }

  /** Stops the node in the time that the user is willing to wait, then ends the process anyway. */
  private void end() {
    try {
      framework.stop();
      if (framework.waitForStop(END.toMillis()).getType()
          == org.osgi.framework.FrameworkEvent.WAIT_TIMEDOUT) {
        System.err.println("consort: the node did not end in time and is ended by force");
        clear();
        Runtime.getRuntime().halt(1);
      }
    } catch (BundleException e) {
      System.err.println("consort: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    clear();
  }

  private void clear() {
    try {
      Files.deleteIfExists(home.nodeFile());
      Files.deleteIfExists(home.pidFile());
      // The folder of this one is shared by the nodes of a user: it may be another's by now.
      Path shared = options.pidFile();
      if (shared != null && Files.exists(shared) && Files.readString(shared).equals(pid())) {
        Files.delete(shared);
      }
      lock.close();
    } catch (IOException e) {
      System.err.println("consort: " + Home.said(e));
    }
  }

  /**
   * What the framework is told; tests start theirs with the same words.
   *
   * @param dist the folder of the distribution
   * @param root the node's home
   * @param port the HTTP port, or null for the configured one
   */
  public static Map<String, String> properties(Path dist, Path root, String port) {
    Map<String, String> map = new HashMap<>();
    map.put("consort.home", root.toString());
    map.put("consort.dist", dist.toString());
    map.put("consort.node", new Home(root).nodeName());
    if (port != null) {
      map.put("consort.http.port", port);
    }
    // The shell reads etc/gosh_profile there.
    map.put("gosh.home", root.toString());
    map.put(Constants.FRAMEWORK_STORAGE, new Home(root).cache().toString());
    // The folders are the only truth: what was installed or configured before is found again there.
    map.put(Constants.FRAMEWORK_STORAGE_CLEAN, Constants.FRAMEWORK_STORAGE_CLEAN_ONFIRSTINIT);
    // Two versions of a driver stand side by side while instruments move from one to the other.
    map.put(Constants.FRAMEWORK_BSNVERSION, Constants.FRAMEWORK_BSNVERSION_MULTIPLE);
    map.put("org.ops4j.pax.logging.StaticLogbackFile", root.resolve("etc/logback.xml").toString());
    return map;
  }
}
