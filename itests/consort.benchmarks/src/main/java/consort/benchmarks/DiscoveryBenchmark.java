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
import java.util.concurrent.atomic.AtomicReference;

/**
 * How long nodes need to find all instruments of each other in ZooKeeper: each node is one in
 * discovery only, with a connection and a catalogue of its own. All of them are in one process of
 * this machine, the server in another. Each of n nodes hears of the instruments of n - 1 others, so
 * that the work grows with n²; what is told beside the time is the time for each endpoint heard.
 */
final class DiscoveryBenchmark {

  private static final int INSTRUMENTS = 100;
  private static final long LIMIT_SECONDS = 180;

  /** A hundred nodes know 990,000 endpoints together. */
  private static final String HEAP = "-Xmx4g";

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
    Process server = start(folder, port);
    try {
      Process nodes =
          java(HEAP, DiscoveryBenchmark.class.getName(), Integer.toString(port))
              .inheritIO()
              .start();
      try {
        if (nodes.waitFor() != 0) {
          throw new IllegalStateException("the nodes of discovery ended with an error");
        }
      } finally {
        nodes.destroyForcibly().waitFor();
      }
    } finally {
      server.destroyForcibly().waitFor();
      try (var files = Files.walk(folder)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  /**
   * The process with the nodes.
   *
   * @param args the port of the server
   */
  public static void main(String[] args) throws Exception {
    DiscoveryBenchmark benchmark = new DiscoveryBenchmark("127.0.0.1:" + args[0]);
    benchmark.meet("/warm", 10);
    double ten = benchmark.meet("/ten", 10);
    double hundred = benchmark.meet("/hundred", 100);
    print("%-44s ratio %.2f", "time for each endpoint heard, 100 nodes to 10", hundred / ten);
    System.exit(0);
  }

  /** One node and what it hears of. */
  private final class Simulated implements Laboratory.Listener {
    private final String name;
    private final Laboratory laboratory;

    /** What is waited for, counted at each node. */
    private final CountDownLatch heard;

    private final AtomicReference<CountDownLatch> gone = new AtomicReference<>();

    Simulated(Settings settings, String name, CountDownLatch heard) {
      this.name = name;
      this.heard = heard;
      laboratory = Laboratory.open(settings, name, "uuid-of-" + name, this);
    }

    void announce() {
      for (int i = 0; i < INSTRUMENTS; i++) {
        laboratory.announce(endpoint(name, "I" + i));
      }
    }

    @Override
    public void announced(Announcement endpoint) {
      heard.countDown();
    }

    @Override
    public void withdrawn(String id) {
      CountDownLatch now = gone.get();
      if (now != null) {
        now.countDown();
      }
    }
  }

  /** Nanoseconds for each endpoint that a node hears of. */
  private double meet(String root, int count) throws InterruptedException {
    Settings settings = new Settings(server, root, Duration.ofSeconds(60), "", "", false);
    List<Simulated> nodes = new ArrayList<>();
    int endpoints = count * (count - 1) * INSTRUMENTS;
    CountDownLatch heard = new CountDownLatch(endpoints);
    long before = used();
    long begin = System.nanoTime();
    for (int i = 0; i < count; i++) {
      Simulated node = new Simulated(settings, "node" + i, heard);
      nodes.add(node);
      node.announce();
    }
    await(heard);
    long all = System.nanoTime() - begin;
    long bytes = (used() - before) / endpoints;

    CountDownLatch joined = new CountDownLatch(count * INSTRUMENTS);
    begin = System.nanoTime();
    nodes.add(new Simulated(settings, "late", joined));
    await(joined);
    long late = System.nanoTime() - begin;

    CountDownLatch gone = new CountDownLatch(count * INSTRUMENTS);
    nodes.forEach(node -> node.gone.set(gone));
    begin = System.nanoTime();
    nodes.remove(0).laboratory.close();
    await(gone);
    long left = System.nanoTime() - begin;

    nodes.forEach(node -> node.gone.set(null));
    nodes.forEach(node -> node.laboratory.close());
    if (!root.equals("/warm")) {
      String what = count + " nodes of " + INSTRUMENTS + " instruments";
      print(
          "%-44s %8.2f s    %6.2f µs and %d bytes for each endpoint heard",
          what + " know all of each other", all / 1e9, all / 1e3 / endpoints, bytes);
      print("%-44s %8.2f s", "  one more knows all of them", late / 1e9);
      print("%-44s %8.2f s", "  one leaves, and all know it", left / 1e9);
    }
    return (double) all / endpoints;
  }

  /** Bytes that are reachable. */
  private static long used() {
    System.gc();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  private static void await(CountDownLatch latch) throws InterruptedException {
    if (!latch.await(LIMIT_SECONDS, TimeUnit.SECONDS)) {
      throw new IllegalStateException(latch.getCount() + " endpoints are not heard");
    }
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

  private static ProcessBuilder java(String... words) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(words));
    return new ProcessBuilder(command);
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
        java(
                "-Xmx1g",
                "-Dzookeeper.jmx.log4j.disable=true",
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
