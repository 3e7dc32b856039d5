// SPDX-License-Identifier: Apache-2.0
package consort.itests;

import static org.assertj.core.api.Assertions.assertThat;

import consort.api.Instrument;
import consort.instruments.Multimeter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.osgi.framework.Bundle;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.wiring.FrameworkWiring;

/** Bundles of remote services are stopped and started, or refreshed, on either side. */
final class RemoteRestartIT {

  private static final List<String> BUNDLES =
      List.of(
          "consort.remote",
          "consort.discovery",
          "org.apache.aries.rsa.core",
          "org.apache.aries.rsa.topology-manager");

  /** Without these nothing is exported. */
  private static final List<String> EXPORTING =
      List.of("consort.remote", "org.apache.aries.rsa.core");

  private static final List<String> NAMES = List.of("DMM1", "DMM2", "DMM3");

  private RemotePair pair;

  @BeforeEach
  void start() throws Exception {
    Map<String, String> instruments = new TreeMap<>();
    NAMES.forEach(name -> instruments.put(name, "export: true"));
    pair = new RemotePair("remote-restart", instruments);
  }

  @AfterEach
  void end() throws Exception {
    pair.close();
  }

  @Test
  void importsAndExportsAreWholeAfterwardsAndNothingIsLeftBehind() throws Exception {
    awaitWhole("at first");

    Map<String, Integer> threads = threads();
    long sockets = sockets();

    for (Application side : List.of(pair.user(), pair.owner())) {
      for (String name : BUNDLES) {
        Bundle bundle = side.bundle(name);
        ServiceReference<?> before = pair.user().find(Instrument.class, named("DMM1"));
        bundle.stop();
        if (side == pair.user() || EXPORTING.contains(name)) {
          Application.await("the imports go with " + name, () -> before.getBundle() == null);
        }
        bundle.start();
        awaitWhole("after " + name + " was stopped and started");
        refresh(side, bundle);
        awaitWhole("after " + name + " was refreshed");
      }
    }

    Application.await("threads are as before " + threads, () -> threads().equals(threads));
    Application.await("not more than " + sockets + " sockets", () -> sockets() <= sockets);
  }

  /** It may lose what is registered while a Remote Service Admin comes. */
  @Test
  void exportsDoNotNeedTheTopologyManager() throws Exception {
    awaitWhole("at first");
    pair.owner().bundle("org.apache.aries.rsa.topology-manager").stop();
    awaitWhole("without the topology manager");
    for (String name : EXPORTING) {
      Bundle bundle = pair.owner().bundle(name);
      ServiceReference<?> before = pair.user().find(Instrument.class, named("DMM1"));
      bundle.stop();
      Application.await("the imports go with " + name, () -> before.getBundle() == null);
      bundle.start();
      awaitWhole("after " + name + " was stopped and started");
    }
  }

  private static void refresh(Application side, Bundle bundle) throws InterruptedException {
    CountDownLatch refreshed = new CountDownLatch(1);
    side.context()
        .getBundle(0)
        .adapt(FrameworkWiring.class)
        .refreshBundles(List.of(bundle), event -> refreshed.countDown());
    assertThat(refreshed.await(30, TimeUnit.SECONDS)).as("refreshing ends").isTrue();
  }

  private static String named(String name) {
    return "(" + Instrument.NAME + "=" + name + ")";
  }

  /** Waits until each instrument is there once under each interface, and can be used. */
  private void awaitWhole(String when) throws InterruptedException {
    for (String name : NAMES) {
      for (Class<?> type : List.of(Instrument.class, Multimeter.class)) {
        Application.await(
            name + " is there once as " + type.getSimpleName() + " " + when,
            () -> found(type, name).size() == 1 && works(type, name));
      }
    }
  }

  private <T> Collection<ServiceReference<T>> found(Class<T> type, String name) {
    try {
      return pair.user().context().getServiceReferences(type, named(name));
    } catch (InvalidSyntaxException e) {
      throw new AssertionError(e);
    }
  }

  private boolean works(Class<?> type, String name) {
    ServiceReference<?> found = pair.user().find(type, named(name));
    Object service = found == null ? null : pair.user().context().getService(found);
    try {
      return service instanceof Instrument instrument
          ? instrument.call("measure_voltage") != null
          : service instanceof Multimeter multimeter && multimeter.measureVoltage() > 0;
    } catch (RuntimeException justGoing) {
      return false;
    }
  }

  /** The threads of remote services by name, but those of pools that end when nobody needs them. */
  private static Map<String, Integer> threads() {
    Map<String, Integer> threads = new TreeMap<>();
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      String name = thread.getName().replaceAll("[0-9]+", "N");
      if (name.matches("consort (remote|mesh|discovery|imports)( N)?")) {
        threads.merge(name, 1, Integer::sum);
      }
    }
    return threads;
  }

  private static long sockets() {
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      return open.filter(RemoteRestartIT::isSocket).count();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static boolean isSocket(Path open) {
    try {
      return Files.readSymbolicLink(open).toString().startsWith("socket:");
    } catch (IOException closedMeanwhile) {
      return false;
    }
  }
}
