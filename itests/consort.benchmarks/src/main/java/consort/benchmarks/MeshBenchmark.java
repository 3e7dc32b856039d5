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
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    over("TCP", "tcp://127.0.0.1:" + port, true);
    Path folder = Files.createTempDirectory("consort-benchmark");
    over("a Unix-domain socket", "unix:" + folder.resolve("a.sock"), false);
  }

  private static void over(String what, String address, boolean all) throws Exception {
    String listening = "remote: {listen: '" + address + "', anonymous: operator}\n";
    try (Node owner = new Node("bench_a", listening);
        Node user = new Node("bench_b", "peers: ['" + address + "']\n");
        Peer echo = new Peer();
        HandOver first = new HandOver();
        HandOver second = new HandOver()) {
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
      Instrument instrument = user.await("FAR");
      Remote remote = instrument.as(Remote.class);
      Runnable call = () -> remote.measure(3);
      Runnable floor =
          () -> {
            echo.exchange();
            first.call();
            second.call();
          };
      Measure.each(WARM_UP, call);
      Measure.each(WARM_UP, floor);
      Measure.compare("guarded call over " + what, CALLS, call, "echo + two hand-overs", floor);
      if (all) {
        for (int callers : new int[] {1, 8, 64}) {
          pipelined(instrument, callers);
        }
        traces(remote);
      }
    }
  }

  /** All callers together have up to 960 calls under way, which is what a queue nearly holds. */
  private static void pipelined(Instrument instrument, int callers) throws InterruptedException {
    int each = 100_000 / callers;
    int under = Math.min(64, 960 / callers);
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
    Measure.print(
        "%d callers, pipelined, one instrument: %.0f calls/s, %.1f µs of CPU each, %d failed",
        callers, each * callers / seconds, (cpu() - cpu) / 1e3 / (each * callers), failed.get());
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
