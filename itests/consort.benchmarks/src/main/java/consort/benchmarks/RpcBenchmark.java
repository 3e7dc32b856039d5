// SPDX-License-Identifier: Apache-2.0
package consort.benchmarks;

import static consort.benchmarks.Measure.print;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** What a request costs on a connection that is kept: {@code /rpc} of a node, and a bare echo. */
final class RpcBenchmark {

  private static final int CALLS = 4000;
  private static final String DMM = "name: DMM1\ndriver: simulated.multimeter\n";
  private static final String STATUS =
      "{\"command\":\"daemon\",\"params\":{\"action\":\"status\"}}";
  private static final String CALL =
      "{\"command\":\"call\",\"params\":{\"name\":\"DMM1\",\"verb\":\"get_function\"}}";

  private RpcBenchmark() {}

  /** A client that writes one request and reads its reply, over and over. */
  private static final class Client implements AutoCloseable {
    private final Socket socket;
    private final InputStream in;
    private final byte[] request;
    private final byte[] buffer = new byte[16 << 10];
    private int length;

    Client(int port, String token, String body) throws IOException {
      socket = new Socket(InetAddress.getLoopbackAddress(), port);
      socket.setTcpNoDelay(true);
      in = socket.getInputStream();
      request =
          ("POST /rpc HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                  + "Authorization: Bearer "
                  + token
                  + "\r\nContent-Length: "
                  + body.length()
                  + "\r\n\r\n"
                  + body)
              .getBytes(StandardCharsets.US_ASCII);
    }

    void exchange() {
      try {
        socket.getOutputStream().write(request);
        length = 0;
        int all = -1;
        while (all < 0 || length < all) {
          int read = in.read(buffer, length, buffer.length - length);
          if (read < 0) {
            throw new IOException("closed");
          }
          length += read;
          all = all < 0 ? whole() : all;
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    /** The length of head and body, or -1 while the head is not complete. */
    private int whole() {
      String text = reply();
      int end = text.indexOf("\r\n\r\n");
      if (end < 0) {
        return -1;
      }
      int at = text.indexOf("Content-Length: ") + "Content-Length: ".length();
      return end + 4 + Integer.parseInt(text.substring(at, text.indexOf('\r', at)));
    }

    String reply() {
      return new String(buffer, 0, length, StandardCharsets.ISO_8859_1);
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  static void run() throws IOException, InterruptedException {
    Path dist = Path.of(System.getProperty("consort.dist", "runtime/target/consort"));
    if (!Files.isExecutable(dist.resolve("bin/consort"))) {
      return;
    }
    Path home = Files.createTempDirectory("consort-benchmark-rpc");
    Files.createDirectories(home.resolve("instruments"));
    Files.writeString(home.resolve("instruments/dmm1.yaml"), DMM);
    Process node =
        process(
            dist.resolve("bin/consort").toString(),
            "run",
            "--home",
            home.toString(),
            "--port",
            "0");
    Process echo =
        process(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            HttpEcho.class.getName());
    try {
      int echoPort = Integer.parseInt(line(echo));
      String ready = line(node);
      int port = Integer.parseInt(ready.replaceAll(".*127\\.0\\.0\\.1:(\\d+).*", "$1"));
      String token = Files.readString(home.resolve("data/keys/admin.token")).strip();
      measure(port, echoPort, token);
    } finally {
      for (Process process : new Process[] {node, echo}) {
        process.destroy();
        process.waitFor(10, TimeUnit.SECONDS);
      }
    }
  }

  private static void measure(int port, int echoPort, String token) throws IOException {
    try (Client call = new Client(port, token, CALL)) {
      do {
        call.exchange();
      } while (!call.reply().contains("\"ok\":true"));
    }
    compare("/rpc daemon status, connection kept", port, echoPort, token, STATUS);
    compare("/rpc call of an instrument, connection kept", port, echoPort, token, CALL);
    print("%-44s", "    (to beat: 85 µs for a request, of instrument-script-server)");
  }

  private static void compare(String what, int port, int echoPort, String token, String body)
      throws IOException {
    try (Client subject = new Client(port, token, body);
        Client floor = new Client(echoPort, token, body)) {
      for (int i = 0; i < 5; i++) {
        Measure.each(CALLS, subject::exchange);
        Measure.each(CALLS, floor::exchange);
      }
      Measure.compare(what, CALLS, subject::exchange, "HTTP echo, same server", floor::exchange);
    }
  }

  private static Process process(String... command) throws IOException {
    return new ProcessBuilder(command).redirectError(new File("/dev/null")).start();
  }

  private static String line(Process process) throws IOException {
    BufferedReader reader =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    String line = reader.readLine();
    if (line == null) {
      throw new IOException("a process of the benchmark ended at once");
    }
    return line;
  }
}
