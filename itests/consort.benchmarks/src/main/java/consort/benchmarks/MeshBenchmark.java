// SPDX-License-Identifier: Apache-2.0
package consort.benchmarks;

import consort.api.Call;
import consort.api.Instrument;
import consort.api.NumericArray;
import consort.api.coordinator.InstrumentSpec;
import consort.api.driver.Connection;
import consort.api.driver.InstrumentType;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;

/** Calls of an instrument of another node, which is a second framework of this JVM. */
final class MeshBenchmark {

  private static final int WARM_UP = 20_000;
  private static final int CALLS = 3_000;
  private static final int PIPELINED = 200_000;
  private static final double[] TRACE = new double[1_000_000];

  /** What is called. */
  @InstrumentType
  public interface Remote {
    double measure(int channel);

    double[] trace();
  }

  private record RemoteDriver() implements Remote {
    @Override
    public double measure(int channel) {
      return channel;
    }

    @Override
    public double[] trace() {
      return TRACE;
    }
  }

  private MeshBenchmark() {}

  static void run() throws Exception {
    String tcp = "tcp://127.0.0.1:" + freePort();
    try (Node owner = new Node("bench_a", listening(tcp));
        Node user = new Node("bench_b", peers(tcp));
        Peer echo = new Peer()) {
      export(owner);
      BareInstrument.register(owner.context());
      Instrument far = user.await("FAR");
      Remote typed = user.await(Remote.class, "FAR");
      guarded(typed, "TCP", echo);
      alone(user.await(BareInstrument.NAME).as(Remote.class), echo);
      StockBenchmark.run(typed::measure);
      pipelined(null, far, 8);
      for (int callers : new int[] {1, 8, 64}) {
        pipelined("of another node", far, callers);
        pipelined("of the node itself", owner.coordinator().require("FAR"), callers);
      }
      traces(typed);
      IdleConnections.measure(tcp);
    }
    Path folder = Files.createTempDirectory("consort-benchmark");
    String unix = "unix:" + folder.resolve("a.sock");
    try (Node owner = new Node("bench_a", listening(unix));
        Node user = new Node("bench_b", peers(unix));
        UnixPeer echo = new UnixPeer(folder.resolve("echo.sock"))) {
      export(owner);
      guarded(user.await(Remote.class, "FAR"), "a Unix-domain socket", echo);
    }
    String tls = "tls://127.0.0.1:" + freePort();
    Keys keys = Keys.make("bench_a", "bench_b");
    try (Node owner = new Node("bench_a", keys.home("bench_a"), listening(tls));
        Node user = new Node("bench_b", keys.home("bench_b"), peers(tls));
        Peer echo = new Peer(keys.context())) {
      export(owner);
      guarded(user.await(Remote.class, "FAR"), "TLS", echo);
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return free.getLocalPort();
    }
  }

  private static String listening(String address) {
    String anonymous = address.startsWith("tls") ? "" : ", anonymous: operator";
    return "remote: {listen: '" + address + "'" + anonymous + "}\n";
  }

  private static String peers(String address) {
    return "peers: ['" + address + "']\n";
  }

  private static void export(Node owner) {
    owner.driver("remote", setup -> new RemoteDriver());
    owner
        .coordinator()
        .put(
            new InstrumentSpec(
                "FAR",
                "remote",
                null,
                new Connection("None", "", Map.of()),
                Map.of(),
                List.of(),
                java.time.Duration.ZERO,
                null,
                consort.api.coordinator.Reconnect.DEFAULT,
                true,
                Map.of(),
                ""));
  }

  /** A call beside an echo over the same transport. */
  private static void guarded(Remote remote, String over, Echo echo) throws Exception {
    try (HandOver first = new HandOver();
        HandOver second = new HandOver()) {
      Runnable call = () -> remote.measure(3);
      Runnable floor =
          () -> {
            echo.exchange();
            first.call();
            second.call();
          };
      Measure.each(WARM_UP, call);
      Measure.each(WARM_UP, floor);
      Measure.compare("guarded call over " + over, CALLS, call, "echo + two hand-overs", floor);
    }
  }

  /** What an instrument answers that does nothing but that: no guard, no thread of its own. */
  private static void alone(Remote bare, Echo echo) {
    Measure.each(WARM_UP, () -> bare.measure(3));
    Measure.compare(
        "the provider alone over TCP", CALLS, () -> bare.measure(3), "echo", echo::exchange);
  }

  /** All callers together have up to 960 calls under way, which is what a queue nearly holds. */
  private static void pipelined(String where, Instrument instrument, int callers)
      throws InterruptedException {
    int each = PIPELINED / callers;
    int under = 960 / callers;
    AtomicLong failed = new AtomicLong();
    long begin = System.nanoTime();
    long cpu = cpu();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < callers; i++) {
      Thread thread =
          new Thread(
              () -> {
                Semaphore window = new Semaphore(under);
                for (int n = 0; n < each; n++) {
                  window.acquireUninterruptibly();
                  CompletableFuture<?> answer =
                      instrument.send(Call.of("measure", n)).toCompletableFuture();
                  answer.whenComplete(
                      (result, failure) -> {
                        failed.addAndGet(failure == null ? 0 : 1);
                        window.release();
                      });
                }
                window.acquireUninterruptibly(under);
              });
      threads.add(thread);
      thread.start();
    }
    for (Thread thread : threads) {
      thread.join();
    }
    double seconds = (System.nanoTime() - begin) / 1e9;
    if (where == null) {
      return; // only to warm up
    }
    Measure.print(
        "%d callers, pipelined, one instrument %s: %.0f calls/s, %.1f µs of CPU each, %d failed",
        callers,
        where,
        each * callers / seconds,
        (cpu() - cpu) / 1e3 / (each * callers),
        failed.get());
  }

  private static long cpu() {
    return ProcessHandle.current().info().totalCpuDuration().orElseThrow().toNanos();
  }

  private static void traces(Remote remote) throws IOException {
    byte[] bytes = NumericArray.of(TRACE).toBytes(java.nio.ByteOrder.LITTLE_ENDIAN);
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        Socket socket = new Socket(server.getInetAddress(), server.getLocalPort());
        Socket there = server.accept()) {
      Thread writer =
          new Thread(
              () -> {
                try {
                  while (there.getInputStream().read() >= 0) {
                    there.getOutputStream().write(bytes);
                  }
                } catch (IOException e) {
                  // the benchmark is over
                }
              });
      writer.setDaemon(true);
      writer.start();
      byte[] into = new byte[bytes.length];
      Runnable floor =
          () -> {
            try {
              socket.getOutputStream().write(1);
              InputStream in = socket.getInputStream();
              in.readNBytes(into, 0, into.length);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          };
      Measure.each(50, remote::trace);
      Measure.each(50, floor);
      Measure.compare("double[1_000_000] over TCP", 10, remote::trace, "bare stream", floor);
    }
  }
}
