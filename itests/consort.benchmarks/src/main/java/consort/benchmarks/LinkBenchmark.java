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

/**
 * {@code Link.ask} over TCP beside a bare blocking socket that exchanges the same bytes with the
 * same peer.
 */
public final class LinkBenchmark {

  private static final byte[] QUESTION = "MEAS:VOLT:DC?\n".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] ANSWER = "+3.30000000E+00\n".getBytes(StandardCharsets.US_ASCII);
  private static final int WARM_UP = 20_000;
  private static final int CALLS = 5_000;

  private LinkBenchmark() {}

  /** Runs this benchmark alone. */
  public static void main(String[] args) throws IOException {
    run();
  }

  static void run() throws IOException {
    try (ServerSocket server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        Socket socket = new Socket(server.getInetAddress(), server.getLocalPort())) {
      answer(server);
      socket.setTcpNoDelay(true);
      InputStream in = socket.getInputStream();
      OutputStream out = socket.getOutputStream();
      byte[] buffer = new byte[256];
      Runnable bare = () -> exchange(in, out, buffer);

      VisaLinks links = new VisaLinks();
      var session = links.session("BENCHMARK", reason -> {});
      String address = "TCPIP::127.0.0.1::" + server.getLocalPort() + "::SOCKET";
      Link link = session.open(Connection.visa(address), LinkSettings.text("\n"));
      Runnable ask = () -> link.ask("MEAS:VOLT:DC?");
      // As in a guarded call, where the guard puts the deadline on the thread.
      Deadline.set(Deadline.after(Duration.ofHours(1)));

      Measure.each(WARM_UP, bare);
      Measure.each(WARM_UP, ask);
      Measure.compare("Link.ask over TCP (at most 1.2)", CALLS, ask, "blocking socket", bare);
      Deadline.set(null);
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
}
