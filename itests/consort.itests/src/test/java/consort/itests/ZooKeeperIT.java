// SPDX-License-Identifier: Apache-2.0
package consort.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Two nodes that are told of a ZooKeeper, and not of each other. */
final class ZooKeeperIT {

  private static final Path SETTINGS = Path.of("src/test/resources/zookeeper");

  private static Path home(String name, int server, int port) throws IOException {
    Path home = Folders.home("zookeeper-" + name);
    Files.createDirectories(home.resolve("instruments"));
    Files.createDirectories(home.resolve("etc"));
    Files.copy(
        Folders.distribution().resolve("lib/home/etc/logback.xml"),
        home.resolve("etc/logback.xml"));
    // The files of the how-to, with free ports.
    String settings =
        Files.readString(SETTINGS.resolve(name + ".yaml"))
            .replace("2181", Integer.toString(server))
            .replace("8600", Integer.toString(port));
    Files.writeString(home.resolve("etc/consort.yaml"), settings + "    session: 2s\n");
    return home;
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** The server as it is published, with the transport that the bundle has. */
  private static Process server(Path folder, int port) throws IOException, InterruptedException {
    Files.createDirectories(folder);
    Path configuration =
        Files.write(
            folder.resolve("zoo.cfg"),
            List.of(
                "dataDir=" + folder.resolve("data"),
                "tickTime=500",
                "clientPort=" + port,
                "clientPortAddress=127.0.0.1",
                "admin.enableServer=false"));
    Path bundle;
    try (Stream<Path> jars = Files.list(Folders.distribution().resolve("zookeeper"))) {
      bundle = jars.findFirst().orElseThrow();
    }
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Dzookeeper.jmx.log4j.disable=true",
                "-cp",
                System.getProperty("java.class.path") + ":" + bundle,
                "org.apache.zookeeper.server.ZooKeeperServerMain",
                configuration.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("server.out").toFile())
            .start();
    long end = System.nanoTime() + NodeProcess.LIMIT.toNanos();
    while (!listens(port)) {
      if (process.waitFor(20, TimeUnit.MILLISECONDS) || System.nanoTime() > end) {
        process.destroyForcibly();
        throw new AssertionError(Files.readString(folder.resolve("server.out")));
      }
    }
    return process;
  }

  private static boolean listens(int port) {
    try {
      new Socket(InetAddress.getLoopbackAddress(), port).close();
      return true;
    } catch (IOException notYet) {
      return false;
    }
  }

  @Test
  void nodesFindEachOtherAndGoOnWithoutTheServer() throws Exception {
    int port = freePort();
    Path owners = home("bench1", port, freePort());
    Files.writeString(
        owners.resolve("instruments/DMM1.yaml"),
        "name: DMM1\ndriver: simulated.multimeter\nconnection: {type: Simulated}\nexport: true\n");
    Path folder = Folders.home("zookeeper-server");
    Process server = server(folder, port);
    try (NodeProcess user = NodeProcess.start(home("bench2", port, 0));
        NodeProcess owner = NodeProcess.start(owners)) {
      user.awaitList("the instrument is found", "DMM1 +READY .*");
      assertThat(user.consort("call", "DMM1.measure_voltage").err()).isEmpty();
      assertThat(user.consort("why", "DMM1").out()).contains("an instrument of node bench1");

      server.destroyForcibly().waitFor();
      assertThat(user.consort("call", "DMM1.measure_voltage").err()).isEmpty();
      server = server(folder, port);
      assertThat(user.consort("call", "DMM1.measure_voltage").err()).isEmpty();

      owner.process().destroyForcibly().waitFor();
      user.awaitList("what a killed node had is gone", list -> !list.contains("DMM1"));
      user.awaitOut("the node is forgotten", nodes -> !nodes.contains("bench1"), "nodes");
      try (NodeProcess again = NodeProcess.start(owners)) {
        user.awaitList("it comes back with its node", "DMM1 +READY .*");
        assertThat(again.process().isAlive()).isTrue();
      }
    } finally {
      server.destroyForcibly().waitFor();
    }
  }
}
