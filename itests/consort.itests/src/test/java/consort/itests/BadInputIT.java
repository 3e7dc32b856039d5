// SPDX-License-Identifier: Apache-2.0
package consort.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * What users get wrong, and what hardware does wrong, on a whole node: a clear error, nothing lost.
 */
final class BadInputIT {

  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static NodeProcess node;

  @BeforeAll
  static void start() throws Exception {
    Path home = Folders.home("bad-input");
    Files.createDirectories(home.resolve("instruments"));
    node = NodeProcess.start(home);
    drop("DMM1", "driver: simulated.multimeter");
    drop("PSU1", "driver: simulated.source");
    node.await("DMM1 and PSU1 are ready", () -> is("DMM1", "READY") && is("PSU1", "READY"));
  }

  @AfterAll
  static void end() {
    node.close();
  }

  private static void drop(String name, String... lines) throws IOException {
    Path file = node.home().resolve(name + ".tmp");
    Files.writeString(file, "name: " + name + "\n" + String.join("\n", lines) + "\n");
    Files.move(file, node.home().resolve("instruments/" + name + ".yaml"));
  }

  private static String rpc(String command, String params) {
    return post(command, params).join();
  }

  private static CompletableFuture<String> post(String command, String params) {
    String body = "{\"command\":\"%s\",\"params\":%s}".formatted(command, params);
    try {
      HttpRequest request =
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + node.port() + "/rpc"))
              .header("Authorization", "Bearer " + node.token())
              .header("Content-Type", "application/json")
              .timeout(Duration.ofSeconds(30))
              .POST(HttpRequest.BodyPublishers.ofString(body))
              .build();
      return HTTP.sendAsync(request, HttpResponse.BodyHandlers.ofString())
          .thenApply(HttpResponse::body);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static String call(String instrument, String verb, String params) {
    return rpc(
        "call",
        "{\"name\":\"%s\",\"verb\":\"%s\",\"params\":%s}".formatted(instrument, verb, params));
  }

  private static String status(String name) {
    return rpc("status", "{\"name\":\"" + name + "\"}");
  }

  private static boolean is(String name, String state) {
    return status(name).contains("\"state\":\"" + state + "\"");
  }

  private static String refusal(String text) {
    return "\"error\":\"" + text;
  }

  @Test
  void wrongCallsAreRefusedWithFactLimitAndUnit() {
    assertThat(call("NONE", "read", "{}")).contains("instrument not found");
    assertThat(call("DMM1", "mesure", "{}")).contains("DMM1 has no command 'mesure'; it has ");
    assertThat(call("PSU1", "set_voltage", "{}")).contains("set_voltage: voltage is missing");
    assertThat(call("PSU1", "set_voltage", "{\"volts\":1}"))
        .contains("has no parameter 'volts'; it has voltage");
    assertThat(call("PSU1", "set_voltage", "{\"voltage\":50}"))
        .contains("set_voltage voltage: 50 V is outside [0 V, 30 V]");
    assertThat(call("PSU1", "set_voltage", "{\"voltage\":\"5\"}")).contains("'5' is not a double");
    assertThat(call("PSU1", "set_voltage", "{\"voltage\":true}")).contains("true is not a double");
    assertThat(call("PSU1", "set_voltage", "{\"voltage\":NaN}")).contains("exception: ");
    assertThat(call("DMM1", "set_function", "{\"function\":\"WEIGHT\"}"))
        .contains("'WEIGHT' is not one of DC_VOLTAGE");
  }

  @Test
  void theCommandLineRefusesNotANumber() throws Exception {
    NodeProcess.Result result = node.consort("call", "PSU1.set_voltage", "voltage=NaN");
    assertThat(result.err()).contains("set_voltage voltage: NaN V is outside [0 V, 30 V]");
    assertThat(result.code()).isEqualTo(1);
  }

  @Test
  void longTextArrivesWhole() {
    String text = "x".repeat(100_000);
    assertThat(call("DMM1", "inject_error", "{\"count\":1,\"text\":\"" + text + "\"}"))
        .contains("\"ok\":true");
    assertThat(call("DMM1", "measure_voltage", "{}"))
        .as("what the driver got and raises; words as long as that are cut in replies")
        .contains("x… (100000 characters)");
  }

  @Test
  void aHundredClientsAtOnceAreAllServed() {
    List<CompletableFuture<String>> answers = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      answers.add(post("call", "{\"name\":\"PSU1\",\"verb\":\"get_voltage\"}"));
    }
    answers.forEach(answer -> assertThat(answer.join()).contains("\"ok\":true"));
  }

  @Test
  void anInstrumentThatIsNotThereSaysSoAndHarmsNobody() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
      drop(
          "SILENT",
          "driver: keysight.dmm",
          "connection: TCPIP::127.0.0.1::" + silent.getLocalPort() + "::SOCKET");
      drop("REFUSED", "driver: keysight.dmm", "connection: TCPIP::127.0.0.1::1::SOCKET");
      drop("UNPLUGGED", "driver: keysight.dmm", "connection: ASRL/dev/ttyNOTHING::INSTR");
      drop("NODRIVER", "driver: acme.teapot");
      drop("WRONG", "driver: simulated.multimeter", "settings: {sed: 5}");
      node.await("the port refuses", () -> status("REFUSED").contains("connection refused"));
      node.await(
          "the serial port is missing", () -> status("UNPLUGGED").contains("/dev/ttyNOTHING"));
      node.await(
          "the driver is missing",
          () -> status("NODRIVER").contains("no driver acme.teapot is installed"));
      node.await(
          "the setting is unknown", () -> status("WRONG").contains("has no parameter 'sed'"));
      node.await("the silent one is given up", () -> is("SILENT", "OFFLINE"));
      assertThat(is("REFUSED", "OFFLINE") || is("REFUSED", "STARTING")).isTrue();
      assertThat(is("WRONG", "FAULT")).isTrue();
      assertThat(call("PSU1", "get_voltage", "{}")).contains("\"ok\":true");
      assertThat(rpc("why", "{\"name\":\"UNPLUGGED\"}")).contains("/dev/ttyNOTHING");
    }
  }

  @Test
  void aDriverThatNeverAnswersIsAFaultOfItsInstrumentAlone() throws Exception {
    drop("HANGS", "driver: simulated.multimeter");
    node.await("HANGS is ready", () -> is("HANGS", "READY"));
    call("HANGS", "inject_hang", "{\"ignore_interrupts\":true}");
    String late =
        rpc("call", "{\"name\":\"HANGS\",\"verb\":\"measure_voltage\",\"deadline\":\"200ms\"}");
    assertThat(late)
        .contains(refusal(""))
        .contains("no answer within 0.2 s; its effect is unknown");
    node.await("HANGS is at fault", () -> is("HANGS", "FAULT"));
    assertThat(call("HANGS", "measure_voltage", "{}")).contains("'restart HANGS' makes a new one");
    assertThat(call("PSU1", "get_voltage", "{}")).contains("\"ok\":true");
    assertThat(rpc("restart", "{\"name\":\"HANGS\"}")).contains("\"ok\":true");
    node.await("HANGS is ready again", () -> is("HANGS", "READY"));
    assertThat(call("HANGS", "measure_voltage", "{}")).contains("\"ok\":true");
  }

  @Test
  void aDriverThatHangsDoesNotKeepTheNodeFromEnding() throws Exception {
    Path home = Folders.home("hung-end");
    Files.createDirectories(home.resolve("instruments"));
    try (NodeProcess hung = NodeProcess.start(home)) {
      Files.writeString(
          home.resolve("instruments/h.yaml"), "name: H\ndriver: simulated.multimeter\n");
      NodeProcess.Result[] last = new NodeProcess.Result[1];
      hung.await(
          "H hangs",
          () -> {
            try {
              last[0] = hung.consort("call", "H.inject_hang", "ignore_interrupts=true");
              return last[0].code() == 0;
            } catch (IOException | InterruptedException e) {
              throw new AssertionError(e);
            }
          });
      assertThat(hung.consort("call", "H.measure_voltage", "--deadline", "100ms").code())
          .isEqualTo(1);
      assertThat(hung.terminate()).isLessThan(Duration.ofSeconds(4));
    }
  }
}
