// SPDX-License-Identifier: Apache-2.0
package consort.itests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** How a node starts and ends, seen from outside. */
final class NodeLifecycleIT {

  @Test
  void fillsAFreshHomeAndSaysWhereItListens() throws Exception {
    try (NodeProcess node = NodeProcess.start("fresh")) {
      assertThat(node.home().resolve("etc/consort.yaml")).exists();
      assertThat(node.home().resolve("drivers/consort.driver.simulated-0.1.0.jar")).exists();
      assertThat(node.home().resolve("instruments")).isDirectory();
      assertThat(node.home().resolve("scripts")).isDirectory();
      node.await("the node says that it is ready", () -> output(node).contains("is ready"));
      assertThat(output(node).strip())
          .startsWith("Consort node ")
          .endsWith("is ready: http://127.0.0.1:" + node.port() + " (home " + node.home() + ")")
          .doesNotContain("\n");
    }
  }

  @Test
  void logsIntoItsHome() throws Exception {
    try (NodeProcess node = NodeProcess.start("logs")) {
      assertThat(node.home().resolve("data/logs/consort.log")).isNotEmptyFile();
    }
  }

  @Test
  void startsInAHomeWithAnUmlautThoughThereIsNoLocale() throws Exception {
    assumeTrue(System.getProperty("sun.jnu.encoding").equals("UTF-8"), "this test needs a locale");
    Path home = Files.createDirectories(Folders.home("Prüfstand 2"));
    ProcessBuilder run =
        NodeProcess.command(home, "run", "--once", "--port", "0")
            .redirectErrorStream(true)
            .redirectOutput(home.resolve("node.out").toFile());
    run.environment().put("LC_ALL", "C");

    assertThat(run.start().waitFor()).isZero();
    assertThat(Files.readString(home.resolve("node.out"))).contains("(home " + home + ")");
  }

  @Test
  void refusesASecondStartOnTheSameHome() throws Exception {
    try (NodeProcess node = NodeProcess.start("second")) {
      NodeProcess.Result second = node.consort("run", "--port", "0");

      assertThat(second.code()).isEqualTo(1);
      assertThat(second.err())
          .isEqualTo(
              "consort: a node already runs in %s (PID %d)%n"
                  .formatted(node.home(), node.process().pid()));
      assertThat(node.process().isAlive()).isTrue();
      assertThat(node.home().resolve("data/run/node.json")).exists();
    }
  }

  @Test
  void endsWithinThreeSecondsWhenAskedTo() throws Exception {
    try (NodeProcess node = NodeProcess.start("sigterm")) {
      Files.writeString(
          node.home().resolve("instruments/cryo.yaml"),
          "name: CRYO\ndriver: simulated.multimeter\n");
      Path log = node.home().resolve("data/logs/consort.log");
      node.await("CRYO is ready", () -> read(log).contains("CRYO READY"));
      assertThat(node.terminate()).isLessThan(Duration.ofSeconds(3));
      assertThat(read(log)).as("its end is no trouble").doesNotContain("no driver");
      assertThat(node.process().exitValue()).isIn(0, 143);
      assertThat(filesIn(node.home().resolve("data/run"))).containsExactly("lock");
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return "";
    }
  }

  @Test
  void startsAgainAfterItWasKilled() throws Exception {
    Path home;
    try (NodeProcess node = NodeProcess.start("killed")) {
      home = node.home();
    }
    assertThat(home.resolve("data/run/node.json")).exists();
    assertThat(NodeProcess.consort(home, "daemon", "status").code()).isEqualTo(1);
    try (NodeProcess node = NodeProcess.start(home)) {
      assertThat(node.port()).isPositive();
    }
  }

  @Test
  void aDaemonStartsAnswersAndStops() throws Exception {
    Path home = Folders.home("daemon");
    try {
      NodeProcess.Result started = NodeProcess.consort(home, "daemon", "start", "--port", "0");
      assertThat(started.err()).isEmpty();
      String pid = Files.readString(home.resolve("data/run/server.pid")).strip();
      assertThat(started)
          .isEqualTo(
              new NodeProcess.Result(
                  0,
                  "Server daemon started (PID: %s)%nDaemon running in background%n".formatted(pid),
                  ""));
      assertThat(home.resolve("data/run/node.json")).exists();

      assertThat(NodeProcess.consort(home, "daemon", "status"))
          .isEqualTo(
              new NodeProcess.Result(
                  0,
                  "Server daemon is running (PID: %s)%nRuntime directory: %s%n"
                      .formatted(pid, home.resolve("data/run")),
                  ""));
      assertThat(NodeProcess.consort(home, "daemon", "start").code()).isEqualTo(1);

      assertThat(NodeProcess.consort(home, "daemon", "stop"))
          .isEqualTo(
              new NodeProcess.Result(
                  0,
                  "Stopping server daemon (PID: %s)...%nServer daemon stopped%n".formatted(pid),
                  ""));
      assertThat(ProcessHandle.of(Long.parseLong(pid))).isEmpty();
      assertThat(NodeProcess.consort(home, "daemon", "status"))
          .isEqualTo(new NodeProcess.Result(1, "Server daemon is not running%n".formatted(), ""));
      assertThat(NodeProcess.consort(home, "daemon", "stop").code()).isZero();
    } finally {
      killDaemon(home);
    }
  }

  @Test
  void saysThatThePortIsTaken() throws Exception {
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String port = Integer.toString(other.getLocalPort());
      NodeProcess.Result result = NodeProcess.consort(Folders.home("taken"), "run", "--port", port);

      assertThat(result.code()).isEqualTo(1);
      assertThat(result.err())
          .startsWith("consort: port " + port + " of 127.0.0.1 is taken")
          .hasLineCount(1);
    }
  }

  @Test
  void wrongUsageEndsWithTwo() throws Exception {
    Path home = Folders.home("usage");
    assertThat(NodeProcess.consort(home, "daemon", "dance").code()).isEqualTo(2);
    assertThat(NodeProcess.consort(home, "run", "--port", "70000").code()).isEqualTo(2);
    assertThat(NodeProcess.consort(home, "run", "--port").err())
        .isEqualTo("consort: --port needs a value%n".formatted());
  }

  /** Standard input is closed from the start here, which ends an interactive shell. */
  @Test
  void aClosedStandardInputDoesNotStopIt() throws Exception {
    try (NodeProcess node = NodeProcess.start("stdin")) {
      assertThat(node.process().waitFor(1, TimeUnit.SECONDS)).isFalse();
      assertThat(node.home().resolve("data/run/node.json")).exists();
    }
  }

  private static void killDaemon(Path home) throws IOException {
    Path pid = home.resolve("data/run/server.pid");
    if (Files.exists(pid)) {
      ProcessHandle.of(Long.parseLong(Files.readString(pid).strip()))
          .ifPresent(ProcessHandle::destroyForcibly);
    }
  }

  private static List<String> filesIn(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private static String output(NodeProcess node) {
    try {
      return node.output();
    } catch (IOException notThere) {
      return "";
    }
  }
}
