// SPDX-License-Identifier: Apache-2.0
package consort.discovery.zookeeper;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.zookeeper.server.ZooKeeperServerMain;

/** A ZooKeeper server in a process of its own, on loopback; it can be killed and started again. */
final class Server implements AutoCloseable {

  private static final Duration LIMIT = Duration.ofSeconds(60);

  private final Path folder;
  private final int port;
  private final List<String> more;
  private Process process;

  private Server(Path folder, int port, List<String> more) {
    this.folder = folder;
    this.port = port;
    this.more = more;
  }

  static Server start(Path folder) throws IOException, InterruptedException {
    Server server = new Server(folder, freePort(), List.of());
    server.start();
    return server;
  }

  /** One that takes TLS only, with keys that are made as those of nodes. */
  static Server startSecure(Path folder, Path key, Path trust)
      throws IOException, InterruptedException {
    int port = freePort();
    Server server =
        new Server(
            folder,
            port,
            List.of(
                "secureClientPort=" + port,
                "secureClientPortAddress=127.0.0.1",
                "serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory",
                "ssl.keyStore.location=" + key,
                "ssl.keyStore.type=PEM",
                "ssl.trustStore.location=" + trust,
                "ssl.trustStore.type=PEM",
                "ssl.clientHostnameVerification=false",
                "authProvider.x509="
                    + "org.apache.zookeeper.server.auth.X509AuthenticationProvider"));
    server.start();
    return server;
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  String address() {
    return "127.0.0.1:" + port;
  }

  /** Starts with what is in the folder, and waits until it listens. */
  void start() throws IOException, InterruptedException {
    Files.createDirectories(folder);
    List<String> lines = new ArrayList<>(List.of("dataDir=" + folder.resolve("data")));
    lines.addAll(List.of("tickTime=500", "minSessionTimeout=1000", "maxSessionTimeout=60000"));
    lines.addAll(List.of("maxClientCnxns=0", "admin.enableServer=false"));
    if (more.isEmpty()) {
      lines.addAll(List.of("clientPort=" + port, "clientPortAddress=127.0.0.1"));
    }
    lines.addAll(more);
    Path configuration = Files.write(folder.resolve("zoo.cfg"), lines);
    process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-Dzookeeper.jmx.log4j.disable=true",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "-cp",
                System.getProperty("java.class.path"),
                ZooKeeperServerMain.class.getName(),
                configuration.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("server.out").toFile())
            .start();
    long end = System.nanoTime() + LIMIT.toNanos();
    while (!listens()) {
      if (process.waitFor(20, TimeUnit.MILLISECONDS) || System.nanoTime() > end) {
        close();
        throw new AssertionError(
            "the server does not listen: " + Files.readString(folder.resolve("server.out")));
      }
    }
  }

  private boolean listens() {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException notYet) {
      return false;
    }
  }

  /** As {@code kill -9}. */
  void kill() {
    process.destroyForcibly();
    process.onExit().orTimeout(LIMIT.toSeconds(), TimeUnit.SECONDS).join();
  }

  /** Forgets everything, as a server with a new disk does. */
  void forget() throws IOException {
    try (var files = Files.walk(folder.resolve("data"))) {
      for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  @Override
  public void close() {
    kill();
  }
}
