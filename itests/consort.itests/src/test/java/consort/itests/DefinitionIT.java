// SPDX-License-Identifier: Apache-2.0
package consort.itests;

import static org.assertj.core.api.Assertions.assertThat;

import consort.testkit.ScpiSimulator;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Instruments whose driver is an API definition, on a node of the distribution, with an instrument
 * behind a real socket. The methods name the acceptance points of instrument-script-server.
 */
@Timeout(120)
final class DefinitionIT {

  /** The pair of instrument-script-server's documents; only the port is the test's. */
  private static final Path DOCUMENTED =
      Path.of("../../runtime/src/test/resources/instrument-script-server");

  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  private static Path home;
  private static Path working;
  private static NodeProcess node;
  private static String definition;
  private ScpiSimulator hardware;

  @BeforeAll
  static void startANode() throws Exception {
    home = Folders.home("definitions");
    working = Files.createDirectories(home.resolve("elsewhere"));
    definition = Files.readString(DOCUMENTED.resolve("apis/dmm.yaml"));
    node = NodeProcess.start(home, working);
  }

  @AfterAll
  static void endTheNode() {
    node.close();
  }

  @BeforeEach
  void plugIn() {
    hardware = new ScpiSimulator().answer("MEAS?", "3.0").answer("READ?", "3.0");
    hardware.setting("VOLT", "0");
  }

  @AfterEach
  void unplug() {
    hardware.close();
  }

  private static String rpc(String command, String params) {
    try {
      HttpRequest request =
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + node.port() + "/rpc"))
              .header("Authorization", "Bearer " + node.token())
              .header("Content-Type", "application/json")
              .POST(
                  HttpRequest.BodyPublishers.ofString(
                      "{\"command\":\"%s\",\"params\":%s}".formatted(command, params)))
              .build();
      return CLIENT.send(request, HttpResponse.BodyHandlers.ofString()).body();
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static String start(Path config) {
    return rpc("start", "{\"config_path\":\"" + config + "\"}");
  }

  private static String call(String name, String verb, String params) {
    String request = "{\"name\":\"%s\",\"verb\":\"%s\",\"params\":%s}";
    return rpc("call", request.formatted(name, verb, params));
  }

  private static void write(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Path part = file.resolveSibling(file.getFileName() + ".part");
    Files.writeString(part, text);
    Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /** An instrument file of the documents under another name and with another reference. */
  private Path config(String name, String reference) throws IOException {
    Path file = home.resolve("configs").resolve(name + ".yaml");
    write(
        file,
        Files.readString(DOCUMENTED.resolve("configs/dmm1.yaml"))
            .replace("DMM1", name)
            .replace("../apis/dmm.yaml", reference)
            .replace("TCPIP::127.0.0.1::5025::SOCKET", hardware.resource()));
    return file;
  }

  private static void until(String what, java.util.function.BooleanSupplier condition)
      throws InterruptedException {
    node.await(what, condition);
  }

  @Test
  void is04ADefinitionIsFoundByFourWaysAndOneThatIsAbsentIsNamed() throws Exception {
    Path absolute = home.resolve("apis/dmm.yaml");
    write(absolute, definition);
    write(working.resolve("local/dmm.yaml"), definition);
    List<String> references =
        List.of("../apis/dmm.yaml", absolute.toString(), "file://" + absolute, "local/dmm.yaml");
    for (int i = 0; i < references.size(); i++) {
      String name = "FOUND" + i;
      assertThat(start(config(name, references.get(i))))
          .as(references.get(i))
          .contains("\"ok\":true");
      assertThat(call(name, "IDN", "{}")).contains("Consort,Simulator,0,1.0");
      rpc("stop", "{\"name\":\"" + name + "\"}");
    }

    assertThat(start(config("LOST", "../apis/none.yaml")))
        .contains("\"ok\":false")
        .contains("API definition file not found: " + home.resolve("apis/none.yaml"));
  }

  @Test
  void is05AFileThatIsNotValidIsNotStarted() throws Exception {
    write(home.resolve("apis/dmm.yaml"), definition);
    Path bad = config("BAD", "../apis/dmm.yaml");
    write(bad, Files.readString(bad).replace("type: VISA", "type: Serial"));

    assertThat(start(bad))
        .contains("\"ok\":false")
        .contains("failed to create instrument: ")
        .contains("/connection/type: 'Serial' is not one of VISA, Custom, Simulated, None");
    assertThat(node.consort("validate", "config", bad.toString()).code()).isEqualTo(1);

    write(home.resolve("apis/volts.yaml"), definition.replace("{level}\"", "{volts}\""));
    assertThat(start(config("VOLTS", "../apis/volts.yaml")))
        .contains("\"ok\":false")
        .contains(
            "Template placeholder {volts} does not match any parameter or channel_group name");
  }

  @Test
  void is08To10WhatIsSentAndWhatItMeans() throws Exception {
    write(home.resolve("apis/dmm.yaml"), definition);
    assertThat(start(config("WIRE", "../apis/dmm.yaml"))).contains("\"ok\":true");

    assertThat(call("WIRE", "SET_LEVEL", "{\"level\":5}")).contains("\"ok\":true");
    assertThat(call("WIRE", "SET_LEVEL", "{\"level\":11}"))
        .contains("\"ok\":false")
        .contains("11 V is outside [-10 V, 10 V]");
    assertThat(call("WIRE", "MEASURE", "{}")).contains("\"value\":7.0");

    assertThat(hardware.received()).containsExactly("*CLS", "VOLT 5", "MEAS?");
    rpc("stop", "{\"name\":\"WIRE\"}");
  }

  @Test
  void theIdentifierOfADroppedDefinitionIsADriver() throws Exception {
    Path dropped = home.resolve("drivers/dmm.yaml");
    write(dropped, definition);
    write(
        home.resolve("instruments/named.yaml"),
        "name: NAMED\ndriver: DMM_API\nconnection: \"" + hardware.resource() + "\"\n");

    until("it answers", () -> call("NAMED", "IDN", "{}").contains("Consort,Simulator"));

    write(dropped, definition.replace("commands:", "commandos:"));
    until("it is reported", () -> rpc("findings", "{}").contains("\"/commandos\""));
    assertThat(rpc("findings", "{}")).contains("version 1.0.0 goes on");
    assertThat(call("NAMED", "IDN", "{}")).contains("Consort,Simulator");

    Files.delete(dropped);
    until("it is gone", () -> call("NAMED", "IDN", "{}").contains("no_driver"));
    Files.delete(home.resolve("instruments/named.yaml"));
    until("the rest is gone", () -> !rpc("list", "{}").contains("NAMED"));
  }

  @Test
  void editingADefinitionUnderLoadFailsNoCall() throws Exception {
    Path api = home.resolve("apis/hot.yaml");
    write(api, definition);
    assertThat(start(config("HOT", "../apis/hot.yaml"))).contains("\"ok\":true");
    AtomicBoolean going = new AtomicBoolean(true);
    AtomicInteger calls = new AtomicInteger();
    ConcurrentLinkedQueue<String> failures = new ConcurrentLinkedQueue<>();
    List<Thread> callers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      Thread caller =
          new Thread(
              () -> {
                while (going.get()) {
                  String reply = call("HOT", "MEASURE", "{}");
                  calls.incrementAndGet();
                  if (!reply.contains("\"value\":7.0")) {
                    failures.add(reply);
                  }
                }
              },
              "caller " + i);
      caller.start();
      callers.add(caller);
    }
    try {
      for (int edit = 1; edit <= 10; edit++) {
        String question = edit % 2 == 0 ? "MEAS?" : "READ?";
        // the same version and other bytes, then a higher version, then a broken file between
        write(
            api,
            definition
                .replace("1.0.0", "1." + edit / 4 + ".0")
                .replace("MEAS?", question)
                .replace("model: D1", "model: D1" + edit));
        int before = hardware.received().size();
        until(
            "edit " + edit + " is in use",
            () -> {
              List<String> received = hardware.received();
              return received.size() > before && received.get(received.size() - 1).equals(question);
            });
        if (edit == 5) {
          write(api, "api_version: broken\n");
          until("it is reported", () -> rpc("findings", "{}").contains("\"/api_version\""));
        }
      }
    } finally {
      going.set(false);
      for (Thread caller : callers) {
        caller.join(TimeUnit.SECONDS.toMillis(30));
      }
    }
    assertThat(failures).isEmpty();
    assertThat(calls).hasValueGreaterThan(100);
    assertThat(hardware.connections()).as("the link stays open").isEqualTo(1);
    assertThat(hardware.received().stream().filter("*CLS"::equals)).hasSize(1);
    rpc("stop", "{\"name\":\"HOT\"}");
  }

  @Test
  void aFileIsTestedWithoutANode() throws Exception {
    Path other = Folders.home("no-node");
    Files.createDirectories(other.resolve("drivers"));
    write(home.resolve("apis/dmm.yaml"), definition);
    Path config = config("ALONE", "../apis/dmm.yaml");

    NodeProcess.Result result = NodeProcess.consort(other, "test", config.toString(), "measure");
    assertThat(result.out()).contains("  Response: 7 V");
    assertThat(result.code()).isZero();
    assertThat(hardware.received()).contains("MEAS?");
    assertThat(other.resolve("data")).doesNotExist();

    assertThat(NodeProcess.consort(other, "test", config.toString(), "SET_LEVEL", "11").code())
        .isEqualTo(1);
  }

  @Test
  void is07TheProgramsOfTheOldSystemAreThereUnderTheirNames() throws Exception {
    Path scope = DOCUMENTED.resolve("apis/scope.yaml").toAbsolutePath();
    Path expanded = home.resolve("expanded.yaml");

    assertThat(program("validate-instrument-api", scope)).isEqualTo(2);
    assertThat(program("template-expander", scope, expanded)).isZero();
    assertThat(program("validate-instrument-api", expanded)).isZero();
    assertThat(program("generate-instrument-config", scope, home.resolve("made.yaml"))).isZero();
    assertThat(program("validate-instrument-config", home.resolve("made.yaml"))).isZero();
    assertThat(program("validate-instrument-api")).isEqualTo(1);
    assertThat(program("validate-quantum-dot-config", scope)).isEqualTo(1);
    assertThat(program("instrument-server", Path.of("validate"), Path.of("api"), scope)).isZero();
    assertThat(program("instrument-server", Path.of("validate"), Path.of("config"), scope))
        .isEqualTo(1);
  }

  private static int program(String name, Path... files) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Folders.distribution().resolve("bin").resolve(name).toString());
    for (Path file : files) {
      command.add(file.toString());
    }
    Process process =
        new ProcessBuilder(command)
            .redirectInput(new File("/dev/null"))
            .redirectErrorStream(true)
            .start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(out).doesNotContain("Exception");
    return process.exitValue();
  }
}
