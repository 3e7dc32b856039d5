// SPDX-License-Identifier: Apache-2.0
package consort.benchmarks;

import consort.api.Deadline;
import consort.api.driver.Connection;
import consort.api.link.Link;
import consort.api.link.LinkSettings;
import consort.link.VisaLinks;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;

/**
 * {@code Link.ask} over TCP beside a bare blocking socket that exchanges the same bytes with the
 * same peer in the same run. Rounds of both alternate, so that whatever else the machine does hits
 * both; the ratio is the median of the ratios of the rounds.
 */
public final class LinkBenchmark {

  private static final byte[] QUESTION = "MEAS:VOLT:DC?\n".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] ANSWER = "+3.30000000E+00\n".getBytes(StandardCharsets.US_ASCII);
  private static final int WARM_UP = 10;
  private static final int ROUNDS = 41;
  private static final int CALLS = 2000;

  private LinkBenchmark() {}

  /** Prints both round trips and their ratio. */
  public static void main(String[] arguments) throws IOException {
    try (ServerSocket server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        Socket socket = new Socket(server.getInetAddress(), server.getLocalPort())) {
      answer(server);
      socket.setTcpNoDelay(true);
      InputStream in = socket.getInputStream();
      OutputStream out = socket.getOutputStream();
      byte[] buffer = new byte[256];
      Runnable bare = () -> exchange(in, out, buffer);

      var links = new VisaLinks().session("BENCHMARK", reason -> {});
      String address = "TCPIP::127.0.0.1::" + server.getLocalPort() + "::SOCKET";
      Link link = links.open(Connection.visa(address), LinkSettings.text("\n"));
      Runnable ask = () -> link.ask("MEAS:VOLT:DC?");
      // As in a guarded call, where the guard puts the deadline on the thread.
      Deadline.set(Deadline.after(Duration.ofHours(1)));

      double[] bares = new double[ROUNDS];
      double[] asks = new double[ROUNDS];
      double[] ratios = new double[ROUNDS];
      for (int round = -WARM_UP; round < ROUNDS; round++) {
        double one = nanos(bare);
        double other = nanos(ask);
        if (round >= 0) {
          bares[round] = one;
          asks[round] = other;
          ratios[round] = other / one;
        }
      }
      System.out.printf("bare blocking socket round trip   %8.1f us%n", median(bares) / 1000);
      System.out.printf("Link.ask                          %8.1f us%n", median(asks) / 1000);
      System.out.printf("ratio (aim: at most 1.2)          %8.2f%n", median(ratios));
      links.close();
    }
  }

  private static void exchange(InputStream in, OutputStream out, byte[] buffer) {
    try {
      out.write(QUESTION);
      int count = 0;
      while (count < ANSWER.length) {
        count += in.read(buffer, count, buffer.length - count);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void answer(ServerSocket server) {
    start(
        () -> {
          while (true) {
            Socket client = server.accept();
            client.setTcpNoDelay(true);
            start(() -> answer(client));
          }
        });
  }

  private static void answer(Socket client) throws IOException {
    byte[] buffer = new byte[256];
    InputStream in = client.getInputStream();
    int count = 0;
    for (int read = in.read(buffer); read > 0; read = in.read(buffer)) {
      count += read;
      if (count >= QUESTION.length) {
        count = 0;
        client.getOutputStream().write(ANSWER);
      }
    }
  }

  private interface Body {
    void run() throws IOException;
  }

  private static void start(Body body) {
    Thread thread =
        new Thread(
            () -> {
              try {
                body.run();
              } catch (IOException e) {
                // The benchmark is over.
                return;
              }
            },
            "benchmark peer");
    thread.setDaemon(true);
    thread.start();
  }

  private static double nanos(Runnable operation) {
    long start = System.nanoTime();
    for (int i = 0; i < CALLS; i++) {
      operation.run();
    }
    return (System.nanoTime() - start) / (double) CALLS;
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
