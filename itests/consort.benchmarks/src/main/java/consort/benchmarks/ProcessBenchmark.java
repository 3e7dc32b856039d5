// SPDX-License-Identifier: Apache-2.0
package consort.benchmarks;

import static consort.benchmarks.Measure.print;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a user waits for: a node's first answer, and a command. Beside a JVM that does nothing. */
final class ProcessBenchmark {

  private static final int RUNS = 9;
  private static final Pattern PORT = Pattern.compile("\"port\"\\s*:\\s*(\\d+)");

  private final Path dist;
  private final Path home;

  private ProcessBenchmark(Path dist, Path home) {
    this.dist = dist;
    this.home = home;
  }

  /** Does nothing: the floor of every command. */
  static final class Nothing {
    private Nothing() {}

    public static void main(String[] args) {
      // Nothing.
    }
  }

  static void run() throws IOException, InterruptedException {
    Path dist = Path.of(System.getProperty("consort.dist", "runtime/target/consort"));
    if (!Files.isExecutable(dist.resolve("bin/consort"))) {
      print("no distribution in %s: processes are not measured", dist);
      return;
    }
    Path home = Files.createTempDirectory("consort-benchmark-home");
    Files.createDirectories(home.resolve("instruments"));
    Files.writeString(
        home.resolve("instruments/dmm1.yaml"), "name: DMM1\ndriver: simulated.multimeter\n");
    // What runtime/bin/consort does after it has built the distribution.
    time(dist.resolve("bin/consort").toString(), "archive");
    new ProcessBenchmark(dist, home).measure();
  }

  private void measure() throws IOException, InterruptedException {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String path = System.getProperty("java.class.path");
    double[] floor = new double[RUNS];
    double[] listening = new double[RUNS];
    double[] answered = new double[RUNS];
    double[] listed = new double[RUNS];
    for (int i = 0; i < RUNS; i++) {
      floor[i] =
          time(
              java,
              "-XX:TieredStopAtLevel=1",
              "-XX:+UseSerialGC",
              "-cp",
              path,
              Nothing.class.getName());
      long begin = System.nanoTime();
      Process node = start("run", "--port", "0", "--home", home.toString());
      try {
        int port = port();
        listening[i] = (System.nanoTime() - begin) / 1e6;
        while (!ask(port).contains("\"ok\":true")) {
          TimeUnit.MILLISECONDS.sleep(2);
        }
        answered[i] = (System.nanoTime() - begin) / 1e6;
        listed[i] = time(dist.resolve("bin/consort").toString(), "list", "--home", home.toString());
      } finally {
        node.destroy();
        node.waitFor(10, TimeUnit.SECONDS);
      }
    }
    double bare = Measure.median(floor);
    print("%-44s %8.0f ms", "a JVM that does nothing", bare);
    row("consort run, until it listens", Measure.median(listening), bare);
    row("consort run, until the first answered call", Measure.median(answered), bare);
    row("consort list against a running node", Measure.median(listed), bare);
  }

  private static void row(String what, double millis, double floor) {
    print("%-44s %8.0f ms   ratio to the JVM %.1f", what, millis, millis / floor);
  }

  private Process start(String... words) throws IOException {
    String[] command = new String[words.length + 1];
    command[0] = dist.resolve("bin/consort").toString();
    System.arraycopy(words, 0, command, 1, words.length);
    return new ProcessBuilder(command)
        .redirectInput(new File("/dev/null"))
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  private static double time(String... command) throws IOException, InterruptedException {
    long begin = System.nanoTime();
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    if (process.waitFor() != 0) {
      throw new IOException(String.join(" ", command) + " ended with " + process.exitValue());
    }
    return (System.nanoTime() - begin) / 1e6;
  }

  private int port() throws IOException, InterruptedException {
    Path file = home.resolve("data/run/node.json");
    while (true) {
      if (Files.exists(file)) {
        Matcher port = PORT.matcher(Files.readString(file));
        if (port.find()) {
          return Integer.parseInt(port.group(1));
        }
      }
      TimeUnit.MILLISECONDS.sleep(2);
    }
  }

  private String ask(int port) throws IOException {
    String body =
        "{\"command\":\"call\",\"params\":{\"name\":\"DMM1\",\"verb\":\"measure_voltage\"}}";
    String token = Files.readString(home.resolve("data/keys/admin.token")).strip();
    String request =
        "POST /rpc HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/json\r\n"
            + "Authorization: Bearer "
            + token
            + "\r\nContent-Length: "
            + body.length()
            + "\r\n\r\n"
            + body;
    try (Socket socket = new Socket("127.0.0.1", port)) {
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      InputStream in = socket.getInputStream();
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).replace(" ", "");
    }
  }
}
