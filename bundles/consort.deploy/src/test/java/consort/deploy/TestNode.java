// SPDX-License-Identifier: Apache-2.0
package consort.deploy;

import static org.awaitility.Awaitility.await;

import consort.api.deploy.Finding;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.apache.felix.framework.FrameworkFactory;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleException;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.wiring.FrameworkWiring;

/** A real framework, a recording coordinator, and the deployment of a home between them. */
final class TestNode {

  /** Short enough for a test to wait for, save where a test does not want them to pass. */
  static final Drivers.Limits LIMITS =
      new Drivers.Limits(
          Duration.ofMillis(500),
          Duration.ofMillis(300),
          Duration.ofMillis(300),
          Duration.ofMillis(500));

  final Path home;
  final Framework framework;
  final TestCoordinator coordinator;
  private FolderDeployment deployment;

  /** Not yet watching. */
  TestNode(Path folder) throws BundleException, IOException {
    home = Files.createDirectories(folder.resolve("home"));
    Files.createDirectories(home.resolve("drivers"));
    Files.createDirectories(home.resolve("instruments"));
    framework =
        new FrameworkFactory()
            .newFramework(
                Map.of(
                    "org.osgi.framework.storage",
                    folder.resolve("cache").toString(),
                    "org.osgi.framework.bsnversion",
                    "multiple",
                    "org.osgi.framework.system.packages.extra",
                    "consort.api;version=1.0.0,consort.api.driver;version=1.0.0,consort.api.deploy;version=1.0.0",
                    FolderDeployment.HOME,
                    home.toString()));
    framework.start();
    coordinator = new TestCoordinator(framework.getBundleContext());
  }

  TestNode open() {
    deployment = new FolderDeployment(framework.getBundleContext(), coordinator, LIMITS);
    deployment.open();
    until(deployment::settled);
    return this;
  }

  void closeDeployment() throws InterruptedException {
    deployment.close();
  }

  FolderDeployment deployment() {
    return deployment;
  }

  Path driver(String name, byte[] bytes) throws IOException {
    return Files.write(home.resolve("drivers").resolve(name), bytes);
  }

  Path instrument(String name, String text) throws IOException {
    return Files.writeString(home.resolve("instruments").resolve(name), text);
  }

  void delete(String file) throws IOException {
    Files.delete(home.resolve(file));
  }

  /** The installed driver bundles: {@code acme 1.0.0}, sorted. */
  List<String> bundles() {
    return drivers().map(b -> b.getSymbolicName() + " " + b.getVersion()).sorted().toList();
  }

  Stream<Bundle> drivers() {
    return Arrays.stream(framework.getBundleContext().getBundles())
        .filter(b -> b.getLocation().startsWith(DriverBundle.LOCATION));
  }

  List<String> findings() {
    return deployment.findings().stream().map(Finding::toString).toList();
  }

  int removalPending() {
    return framework.adapt(FrameworkWiring.class).getRemovalPendingBundles().size();
  }

  static void until(Callable<Boolean> condition) {
    await().atMost(Duration.ofSeconds(20)).pollInterval(Duration.ofMillis(10)).until(condition);
  }

  void untilBundles(String... expected) {
    List<String> wanted = List.of(expected);
    await()
        .atMost(Duration.ofSeconds(20))
        .pollInterval(Duration.ofMillis(10))
        .untilAsserted(
            () -> org.assertj.core.api.Assertions.assertThat(bundles()).isEqualTo(wanted));
  }

  void untilFindings(String... expected) {
    List<String> wanted = List.of(expected);
    await()
        .atMost(Duration.ofSeconds(20))
        .pollInterval(Duration.ofMillis(10))
        .untilAsserted(
            () -> org.assertj.core.api.Assertions.assertThat(findings()).isEqualTo(wanted));
  }

  void close() throws Exception {
    if (deployment != null) {
      deployment.close();
    }
    framework.stop();
    framework.waitForStop(10_000);
  }
}
