// SPDX-License-Identifier: Apache-2.0
package consort.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What watches over instruments, on a whole node: events, safe states, interlocks, raw text. */
final class WatchingIT {

  private static NodeProcess node;
  private static ServerSocket server;

  @BeforeAll
  static void start() throws Exception {
    Path home = Folders.home("watching");
    Files.createDirectories(home.resolve("instruments"));
    server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
    Thread answers = new Thread(WatchingIT::answer, "answers");
    answers.setDaemon(true);
    answers.start();
    node = NodeProcess.start(home);
    drop("AXIS1", "driver: simulated.positioner");
    drop("CRYO", "driver: simulated.multimeter");
    drop("PSU1", "driver: simulated.source", "requires: [{instrument: CRYO, state: READY}]");
    drop(
        "DMM1",
        "driver: simulated.multimeter",
        "connection: TCPIP::127.0.0.1::" + server.getLocalPort() + "::SOCKET",
        "startup: {init_commands: ['*CLS']}");
    for (String name : new String[] {"AXIS1", "CRYO", "PSU1", "DMM1"}) {
      node.await(name + " is ready", () -> consort("status", name).out().contains("State: READY"));
    }
  }

  @AfterAll
  static void end() throws IOException {
    node.close();
    server.close();
  }

  /** Answers each line that is a question, to one client after the other. */
  private static void answer() {
    while (!server.isClosed()) {
      try (Socket client = server.accept()) {
        BufferedReader in =
            new BufferedReader(
                new InputStreamReader(client.getInputStream(), StandardCharsets.US_ASCII));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
          if (line.endsWith("?")) {
            byte[] reply = ("answer to " + line + "\n").getBytes(StandardCharsets.US_ASCII);
            client.getOutputStream().write(reply);
          }
        }
      } catch (IOException gone) {
        // the next one, if there is one
      }
    }
  }

  private static void drop(String name, String... lines) throws IOException {
    Path file = node.home().resolve(name + ".tmp");
    Files.writeString(file, "name: " + name + "\n" + String.join("\n", lines) + "\n");
    Files.move(file, node.home().resolve("instruments/" + name + ".yaml"));
  }

  private static NodeProcess.Result consort(String... words) {
    try {
      return node.consort(words);
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static String call(String... words) {
    String[] all = new String[words.length + 1];
    all[0] = "call";
    System.arraycopy(words, 0, all, 1, words.length);
    NodeProcess.Result result = consort(all);
    return (result.out() + result.err()).strip();
  }

  @Test
  void stopAllMakesEverythingSafeAndSaysWhatHasNoSafeState() {
    assertThat(call("PSU1.set_output_enabled", "true")).isEmpty();
    NodeProcess.Result stopped = consort("stop-all");

    assertThat(stopped.code()).isZero();
    assertThat(stopped.out().lines())
        .anyMatch(line -> line.matches("PSU1 +done"))
        .anyMatch(line -> line.matches("AXIS1 +done"))
        .anyMatch(line -> line.matches("CRYO +none +its driver knows no safe state"));
    assertThat(call("PSU1.get_output_enabled")).isEqualTo("false");
  }

  @Test
  void rawTextGoesOverTheLinkAndNowhereElse() {
    assertThat(consort("ask", "DMM1", "*IDN?").out().strip()).isEqualTo("answer to *IDN?");
    assertThat(consort("trace", "DMM1").out()).contains("*IDN?");

    NodeProcess.Result none = consort("ask", "PSU1", "*IDN?");
    assertThat(none.code()).isEqualTo(1);
    assertThat(none.err()).contains("PSU1 has no link");
  }

  @Test
  void anInstrumentIsMadeSafeWhenWhatItRequiresGoesAndEverybodyMayWatch() throws Exception {
    Path seen = node.home().resolve("watch.out");
    Process watch =
        NodeProcess.command(node.home(), "watch", "PSU1")
            .redirectInput(new File("/dev/null"))
            .redirectErrorStream(true)
            .redirectOutput(seen.toFile())
            .start();
    try {
      await(seen, line -> line.matches("\\S+ +PSU1 +READY +simulated.source .*"));
      assertThat(call("PSU1.set_output_enabled", "true")).isEmpty();
      consort("stop", "CRYO");

      await(seen, line -> line.contains("interlock lost") && line.endsWith("CRYO is STOPPED"));
      await(seen, line -> line.contains("interlock safe"));
      assertThat(call("PSU1.get_output_enabled")).isEqualTo("false");
      assertThat(call("PSU1.set_output_enabled", "true"))
          .contains("PSU1 requires CRYO to be READY; CRYO is STOPPED");
      assertThat(consort("why", "PSU1").out()).contains("is available for reading");

      consort("start", "CRYO");
      await(seen, line -> line.contains("interlock restored"));
      assertThat(call("PSU1.get_output_enabled"))
          .as("nothing comes on by itself")
          .isEqualTo("false");
      assertThat(call("PSU1.set_output_enabled", "true")).isEmpty();
    } finally {
      watch.descendants().forEach(ProcessHandle::destroyForcibly);
      watch.destroyForcibly();
      watch.onExit().join();
    }
  }

  private static void await(Path file, Predicate<String> line) throws InterruptedException {
    node.await(
        "a line comes",
        () -> {
          try {
            return Files.readString(file, StandardCharsets.UTF_8).lines().anyMatch(line);
          } catch (IOException e) {
            return false;
          }
        });
  }
}
