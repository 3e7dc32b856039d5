// SPDX-License-Identifier: Apache-2.0
package consort.benchmarks;

import static consort.benchmarks.Measure.print;

import consort.discovery.zookeeper.Announcement;
import consort.discovery.zookeeper.Laboratory;
import consort.discovery.zookeeper.Settings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * How long nodes need to find all instruments of each other in ZooKeeper: each node is one in
 * discovery only, and all of them and the server share this machine.
 */
final class DiscoveryBenchmark {

  private static final int INSTRUMENTS = 100;
  private static final long LIMIT_SECONDS = 900;

  private final String server;

  private DiscoveryBenchmark(String server) {
    this.server = server;
  }

  static void run() throws Exception {
    int port;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
    Path folder = Files.createTempDirectory("zookeeper");
    Process process = start(folder, port);
    try {
      DiscoveryBenchmark benchmark = new DiscoveryBenchmark("127.0.0.1:" + port);
      benchmark.meet("/warm", 10);
      double ten = benchmark.meet("/ten", 10);
      double hundred = benchmark.meet("/hundred", 100);
      // Each of n nodes hears of (n - 1) * 100 endpoints.
      print(
          "%-44s ratio %.2f",
          "time for each endpoint heard, 100 nodes to 10", hundred / (100 * 99) / (ten / (10 * 9)));
    } finally {
      process.destroyForcibly().waitFor();
      try (var files = Files.walk(folder)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  /** Seconds until all nodes know all instruments of all others. */
  private double meet(String root, int nodes) throws InterruptedException {
    Settings settings = new Settings(server, root, Duration.ofSeconds(60), "", "", false);
    List<Laboratory> laboratories = new ArrayList<>();
    CountDownLatch heard = new CountDownLatch(nodes * (nodes - 1) * INSTRUMENTS);
    long begin = System.nanoTime();
    for (int i = 0; i < nodes; i++) {
      Laboratory laboratory = open(settings, "node" + i, heard);
      laboratories.add(laboratory);
      for (int j = 0; j < INSTRUMENTS; j++) {
        laboratory.announce(endpoint("node" + i, "I" + j));
      }
    }
    await(heard);
    double all = (System.nanoTime() - begin) / 1e9;

    CountDownLatch joined = new CountDownLatch(nodes * INSTRUMENTS);
    begin = System.nanoTime();
    laboratories.add(open(settings, "late", joined));
    await(joined);
    double late = (System.nanoTime() - begin) / 1e9;
    laboratories.forEach(Laboratory::close);
    if (!root.equals("/warm")) {
      print(
          "%-44s %8.2f s    one that joins later knows all in %.2f s",
          nodes + " nodes of " + INSTRUMENTS + " instruments know all of each other", all, late);
    }
    return all;
  }

  private static void await(CountDownLatch latch) throws InterruptedException {
    if (!latch.await(LIMIT_SECONDS, TimeUnit.SECONDS)) {
      throw new IllegalStateException(latch.getCount() + " endpoints are not heard");
    }
  }

  private static Laboratory open(Settings settings, String node, CountDownLatch heard) {
    return Laboratory.open(
        settings,
        node,
        "uuid-of-" + node,
        new Laboratory.Listener() {
          @Override
          public void announced(Announcement endpoint) {
            heard.countDown();
          }

          @Override
          public void withdrawn(String id) {
            // When they end.
          }
        });
  }

  private static Announcement endpoint(String node, String instrument) {
    return new Announcement(
        "",
        Map.of(
            "endpoint.id",
            "tls://" + node + ":8600#" + instrument + "#consort.api.Instrument",
            "endpoint.framework.uuid",
            "uuid-of-" + node,
            "endpoint.package.version.consort.api",
            "1.0.0",
            "objectClass",
            List.of("consort.api.Instrument"),
            "service.imported.configs",
            List.of("consort.tcp"),
            "service.intents",
            List.of("osgi.basic", "osgi.async", "osgi.confidential"),
            "consort.node",
            node,
            "consort.instrument",
            instrument,
            "consort.driver",
            "keysight.dmm",
            "consort.model",
            "34470A"));
  }

  private static Process start(Path folder, int port) throws IOException, InterruptedException {
    Path configuration =
        Files.write(
            folder.resolve("zoo.cfg"),
            List.of(
                "dataDir=" + folder.resolve("data"),
                "clientPort=" + port,
                "clientPortAddress=127.0.0.1",
                "maxClientCnxns=0",
                "admin.enableServer=false"));
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx1g",
                "-Dzookeeper.jmx.log4j.disable=true",
                "-cp",
                System.getProperty("java.class.path"),
                "org.apache.zookeeper.server.ZooKeeperServerMain",
                configuration.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("server.out").toFile())
            .start();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (true) {
      try {
        new Socket(InetAddress.getLoopbackAddress(), port).close();
        return process;
      } catch (IOException notYet) {
        if (process.waitFor(20, TimeUnit.MILLISECONDS) || System.nanoTime() > end) {
          process.destroyForcibly();
          throw new IllegalStateException(Files.readString(folder.resolve("server.out")), notYet);
        }
      }
    }
  }
}
