// SPDX-License-Identifier: Apache-2.0
package consort.commands;

import static org.assertj.core.api.Assertions.assertThat;

import consort.api.Reason;
import consort.api.State;
import consort.api.coordinator.StopResult;
import consort.api.coordinator.SwapOutcome;
import consort.api.coordinator.SwapStatus;
import consort.api.deploy.DriverFile;
import consort.api.deploy.DriverFormat;
import consort.api.deploy.Finding;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeCommandsTest {

  private final FakeNode node = new FakeNode();

  @Test
  void listOfNothingIsAnEmptyArrayAndOneSentence() {
    Map<String, Object> reply = node.run("list");

    assertThat(Json.write(reply)).startsWith("{\"ok\":true,\"instruments\":[]");
    assertThat(Texts.of("list", reply)).isEqualTo("No instruments running");
  }

  @Test
  void listGivesSortedNamesAndATable() {
    node.with("ZZZ").with("DMM1");
    node.instruments.get("ZZZ").state = State.OFFLINE;
    node.instruments.get("ZZZ").reason = Reason.NO_DRIVER;

    Map<String, Object> reply = node.run("list");

    assertThat(reply).containsEntry("instruments", List.of("DMM1", "ZZZ"));
    assertThat(Texts.of("list", reply))
        .isEqualTo(
            """
            NAME  STATE               DRIVER    VERSION  IDENTITY    CONNECTION
            DMM1  READY               fake.dmm  1.2.0    Acme M1 42  TCPIP::host::5025::SOCKET
            ZZZ   OFFLINE(no driver)  fake.dmm  1.2.0    Acme M1 42  TCPIP::host::5025::SOCKET""");
  }

  @Test
  void statusHasTheDocumentedMembersAndLines() {
    Map<String, Object> reply = node.with("DMM1").run("status", "name", "DMM1");

    assertThat(reply)
        .containsEntry("ok", true)
        .containsEntry("name", "DMM1")
        .containsEntry("alive", true)
        .containsEntry("state", "READY")
        .containsEntry("reason", "");
    assertThat(Json.write(reply))
        .contains(
            "\"stats\":{\"commands_sent\":150,\"commands_completed\":140,"
                + "\"commands_failed\":10,\"commands_timeout\":3}");
    assertThat(Texts.of("status", reply))
        .startsWith(
            """
            Instrument: DMM1
              Status: RUNNING
              Commands sent: 150
              Commands completed: 140
              Commands failed: 10
              Commands timeout: 3
              State: READY
            """);
  }

  @Test
  void aStoppedInstrumentIsNotAlive() {
    node.with("DMM1").instruments.get("DMM1").state = State.STOPPED;

    Map<String, Object> reply = node.run("status", "name", "DMM1");

    assertThat(reply).containsEntry("alive", false);
    assertThat(Texts.of("status", reply)).contains("  Status: STOPPED\n");
  }

  @Test
  void startAnswersTheNameUnderBothNames() {
    node.with("ZZZ");

    Map<String, Object> reply = node.run("start", "config_path", "/tmp/DMM1.yaml");

    assertThat(reply).isEqualTo(Map.of("ok", true, "instrument", "DMM1", "name", "DMM1"));
    assertThat(Texts.of("start", reply)).isEqualTo("Started instrument: DMM1");
  }

  @Test
  void startRefusesANameThatIsTaken() {
    node.with("DMM1");

    assertThat(node.run("start", "config_path", "/tmp/DMM1.yaml"))
        .containsEntry("ok", false)
        .containsEntry("error", "failed to create instrument: Instrument already exists: DMM1");
  }

  @Test
  void startSaysWhatIsWrongWithTheFile() {
    assertThat(node.run("start", "config_path", "/tmp/bad.yaml"))
        .containsEntry("error", "failed to create instrument: bad.yaml:3:1: unknown key 'colour'");
  }

  @Test
  void startByNameStartsAStoppedInstrument() {
    node.with("DMM1").run("start", "name", "DMM1");

    assertThat(node.done).containsExactly("start DMM1");
  }

  @Test
  void missingParametersAreNamedAsDocumented() {
    assertThat(node.run("start")).containsEntry("error", "missing config_path");
    assertThat(node.run("stop")).containsEntry("error", "missing name");
    assertThat(node.run("status")).containsEntry("error", "missing name");
    assertThat(node.run("call", "name", "DMM1")).containsEntry("error", "missing verb");
    assertThat(node.run("test", "verb", "IDN"))
        .containsEntry("error", "missing config_path or verb");
    assertThat(node.run("test", "config_path", "x.yaml"))
        .containsEntry("error", "missing config_path or verb");
  }

  @Test
  void anUnknownInstrumentIsNotFoundByAnyCommand() {
    node.with("DMM1");
    for (String command : List.of("status", "stop", "restart", "why", "trace", "info")) {
      assertThat(node.run(command, "name", "DMM2"))
          .containsEntry("ok", false)
          .containsEntry("error", "instrument not found: DMM2; there are DMM1")
          .containsEntry("code", "unknown_instrument");
    }
    assertThat(node.run("call", "name", "DMM2", "verb", "x").get("error").toString())
        .startsWith("instrument not found");
    assertThat(node.run("status", "name", "../etc").get("error").toString())
        .startsWith("instrument not found");
  }

  @Test
  void unknownCommandsAndParametersAreRefused() {
    assertThat(node.run("explode").get("error").toString()).startsWith("unknown command");
    assertThat(node.run("x".repeat(100_000)).get("error").toString()).hasSizeLessThan(100);
    assertThat(node.run("drivers", "nmae", "DMM1"))
        .containsEntry("error", "unknown parameter 'nmae'; drivers has none");
    assertThat(node.run("status", "name", 5)).containsEntry("error", "name must be text, not 5");
  }

  @Test
  void anOldCommandSaysWhatItIgnores() {
    assertThat(node.run("list", "log_level", "debug"))
        .containsEntry("ok", true)
        .containsEntry("ignored", List.of("log_level"));
    assertThat(node.run("start", "config_path", "/tmp/DMM1.yaml", "plugin", "", "json", true))
        .containsEntry("instrument", "DMM1")
        .containsEntry("ignored", List.of("json"));
  }

  @Test
  void cancelSaysHowManyCallsItReached() {
    node.with("DMM1");

    assertThat(Texts.of("cancel", node.run("cancel", "name", "DMM1")))
        .isEqualTo("Cancelled calls of DMM1: 2");
  }

  @Test
  void askSendsTheTextAndShowsTheAnswer() {
    node.with("PSU1");
    Map<String, Object> reply = node.run("ask", "name", "PSU1", "text", "*IDN?");
    assertThat(reply).containsEntry("answer", "Acme\u001b");
    assertThat(Texts.of("ask", reply)).isEqualTo("Acme\\x1b");
    node.run("ask", "name", "PSU1", "text", "S", "answer", true, "deadline", 2, "lease", "3-17");

    assertThat(node.done)
        .containsExactly("ask PSU1 *IDN? null null", "ask PSU1 S true PT2S under 3-17");
    assertThat(node.run("ask", "name", "PSU1", "text", "S", "answer", "yes"))
        .containsEntry("error", "answer must be true or false, not yes");
    assertThat(node.run("ask", "name", "PSU1")).containsEntry("error", "missing text");
    assertThat(node.commands.run("ask", Map.of("name", "PSU1", "text", "S"), FakeNode.OBSERVER))
        .containsEntry("code", "not_allowed");
  }

  @Test
  void stopAllSaysWhatBecameOfEachInstrument() {
    node.stopped =
        List.of(
            new StopResult("AXIS1", StopResult.Outcome.DONE, ""),
            new StopResult("DMM1", StopResult.Outcome.NONE, "its driver knows no safe state"));
    Map<String, Object> reply = node.run("stop-all");
    assertThat(node.done).containsExactly("stop all within PT3S by admin");
    assertThat(Texts.succeeded(reply)).isTrue();
    assertThat(Texts.of("stop-all", reply))
        .isEqualTo(
            """
            NAME   SAFE  WHY
            AXIS1  done
            DMM1   none  its driver knows no safe state""");
    assertThat(node.commands.run("stop-all", Map.of(), FakeNode.OBSERVER).get("error").toString())
        .contains("needs the role OPERATOR");

    node.stopped = List.of(new StopResult("PSU1", StopResult.Outcome.FAILED, "no answer"));
    reply = node.run("stop-all", "deadline", "500ms");
    assertThat(node.done).contains("stop all within PT0.5S by admin");
    assertThat(reply).containsEntry("ok", true).containsEntry("success", false);
    assertThat(Texts.succeeded(reply)).as("so the command line ends with 1").isFalse();
  }

  @Test
  void stopAndRestartAnswerAndAct() {
    node.with("DMM1");

    assertThat(Texts.of("stop", node.run("stop", "name", "DMM1")))
        .isEqualTo("Stopped instrument: DMM1");
    assertThat(Texts.of("restart", node.run("restart", "name", "DMM1")))
        .isEqualTo("Restarted instrument: DMM1");
    assertThat(node.done).containsExactly("stop DMM1", "restart DMM1");
  }

  @Test
  void daemonAnswersAtOnce() {
    long pid = ProcessHandle.current().pid();

    assertThat(node.run("daemon", "action", "status"))
        .isEqualTo(Map.of("ok", true, "running", true, "pid", pid, "message", "daemon running"));
    assertThat(node.run("daemon", "action", "start", "block", true, "log_level", "info"))
        .containsEntry("ok", true)
        .containsEntry("pid", pid);
    assertThat(node.run("daemon", "action", "dance"))
        .containsEntry("error", "Unknown daemon action");
    assertThat(node.done).isEmpty();
    assertThat(node.run("daemon", "action", "stop")).containsEntry("ok", true);
    assertThat(node.done).containsExactly("node stop");
  }

  @Test
  void anObserverLooksAndChangesNothing() {
    node.with("DMM1");

    assertThat(node.commands.run("list", Map.of(), FakeNode.OBSERVER)).containsEntry("ok", true);
    for (String command : List.of("start", "stop", "restart", "test")) {
      assertThat(node.commands.run(command, Map.of("name", "DMM1"), FakeNode.OBSERVER))
          .containsEntry("code", "not_allowed");
    }
    assertThat(node.commands.run("daemon", Map.of("action", "stop"), FakeNode.OBSERVER))
        .containsEntry("code", "not_allowed");
    assertThat(node.done).isEmpty();
  }

  @Test
  void callGivesValueTypeUnitTextAndTime() {
    Map<String, Object> reply = node.with("DMM1").run("call", "name", "DMM1", "verb", "MEASURE");

    assertThat(Json.write(reply))
        .isEqualTo(
            "{\"ok\":true,\"value\":3.25,\"type\":\"double\",\"unit\":\"V\","
                + "\"text\":\"3.25 V\",\"took_ms\":2.0}");
    assertThat(Texts.of("call", reply)).isEqualTo("3.25 V");
  }

  @Test
  void callTakesArgumentsByNameByPositionAndAsText() {
    node.with("DMM1");
    for (Map<String, Object> arguments :
        List.<Map<String, Object>>of(
            Map.of("params", Map.of("voltage", 3.3)),
            Map.of("args", List.of(3.3)),
            Map.of("text", Map.of("voltage", "3300 mV")),
            Map.of("text_args", List.of("3.3")))) {
      Map<String, Object> parameters = Plain.map("name", "DMM1", "verb", "set_voltage");
      parameters.putAll(arguments);
      assertThat(node.commands.run("call", parameters, FakeNode.ADMINISTRATOR))
          .containsEntry("ok", true);
    }
  }

  @Test
  void callPassesTheCallerAndTheDeadlineOn() {
    node.with("DMM1").run("call", "name", "DMM1", "verb", "measure", "deadline", "250ms");
    node.run("call", "name", "DMM1", "verb", "measure", "deadline", 1.5);

    assertThat(node.calls.get(0).deadline()).hasMillis(250);
    assertThat(node.calls.get(0).caller()).isEqualTo(FakeNode.ADMINISTRATOR);
    assertThat(node.calls.get(1).deadline()).hasMillis(1500);
    assertThat(node.run("call", "name", "DMM1", "verb", "measure", "deadline", "soon"))
        .containsEntry("code", "bad_argument")
        .containsEntry(
            "error", "deadline: 'soon' is not a duration; write one as 500ms, 2s or 1min");
    assertThat(node.run("call", "name", "DMM1", "verb", "measure", "deadline", -1))
        .containsEntry("ok", false);
  }

  @Test
  void badArgumentsAreRefusedWithTheGuardsText() {
    node.with("DMM1");

    assertThat(
            node.run("call", "name", "DMM1", "verb", "set_voltage", "text_args", List.of("5abc")))
        .containsEntry("code", "bad_argument");
    assertThat(node.run("call", "name", "DMM1", "verb", "set_voltage", "args", List.of(11)))
        .containsEntry("error", "set_voltage voltage: 11 V is outside [-10 V, 10 V]")
        .containsEntry("code", "out_of_range");
    assertThat(node.run("call", "name", "DMM1", "verb", "set_voltage", "args", List.of("NaN")))
        .containsEntry("code", "out_of_range");
    assertThat(node.run("call", "name", "DMM1", "verb", "set_voltage", "args", List.of("3.3")))
        .containsEntry("code", "bad_argument");
    assertThat(node.run("call", "name", "DMM1", "verb", "set_voltage"))
        .containsEntry("code", "bad_argument");
    assertThat(
            node.run("call", "name", "DMM1", "verb", "set_voltage", "params", Map.of("volts", 1)))
        .containsEntry("code", "bad_argument");
    assertThat(node.run("call", "name", "DMM1", "verb", "nothing"))
        .containsEntry("code", "unknown_command");
    assertThat(node.run("call", "name", "DMM1", "verb", "set_voltage", "args", "3.3"))
        .containsEntry("error", "args must be an array, not 3.3");
  }

  @Test
  void anErrorCarriesCodeKindAndOrigin() {
    Map<String, Object> reply = node.with("DMM1").run("call", "name", "DMM1", "verb", "hang");

    assertThat(reply)
        .containsEntry("error", "DMM1.hang: no answer within 5 s")
        .containsEntry("code", "timed_out")
        .containsEntry("kind", "timed_out")
        .containsEntry(
            "origin",
            Map.of(
                "instrument", "DMM1",
                "command", "hang",
                "link", "TCPIP::host::5025::SOCKET",
                "sent", "X"));
    assertThat(Texts.succeeded(reply)).isFalse();
  }

  @Test
  void numbersThatJsonDoesNotKnowTravelAsText() {
    Map<String, Object> reply =
        node.with("DMM1").run("call", "name", "DMM1", "verb", "not_a_number");

    assertThat(Json.write(reply)).contains("\"value\":\"NaN\"");
  }

  @Test
  void arraysAreArraysUntilTheyAreLong() {
    node.with("DMM1");

    assertThat(
            node.run("call", "name", "DMM1", "verb", "waveform", "args", List.of(3)).get("value"))
        .isEqualTo(List.of(0.0, 0.0, 0.0));
    Map<String, Object> reply =
        node.run("call", "name", "DMM1", "verb", "waveform", "args", List.of(1_000_000));
    assertThat(Json.write(reply))
        .contains("\"elements\":1000000", "\"shape\":[1000000]", "\"element_type\":\"double\"")
        .hasSizeLessThan(1000);
  }

  @Test
  void longBytesTextsAndListsAreSummaries() {
    byte[] bytes = new byte[Plain.LONGEST + 1];
    assertThat(Plain.of(bytes).toString())
        .startsWith("{bytes=1048577, first=AAAA")
        .hasSizeLessThan(1400);
    assertThat((String) Plain.of(new byte[Plain.LONGEST])).hasSize(1_398_104);
    assertThat(Plain.of("x".repeat(Plain.LONGEST + 1)).toString())
        .startsWith("{characters=1048577, first=xxx")
        .hasSizeLessThan(1100);
    assertThat((String) Plain.of("x".repeat(Plain.LONGEST))).hasSize(Plain.LONGEST);
    assertThat(Plain.cut("x".repeat(Plain.LONGEST + 1))).endsWith("x… (1048577 characters)");
    assertThat(Plain.of(java.util.Collections.nCopies(10_001, 1)))
        .isEqualTo(Map.of("elements", 10_001, "first", List.of(1, 1, 1, 1, 1, 1, 1, 1)));
  }

  @Test
  void aHundredKilobytesInAnErrorAreCut() {
    String text = "x".repeat(100_000);
    node.with("DMM1");
    for (CommandDoc command : node.commands.commands()) {
      for (CommandDoc.Parameter parameter : command.parameters()) {
        Map<String, Object> reply =
            node.run(command.name(), "name", "DMM1", "verb", "measure", parameter.name(), text);
        if (Boolean.FALSE.equals(reply.get("ok"))) {
          assertThat(Json.write(reply)).as(command.name()).hasSizeLessThan(2000);
        }
      }
      assertThat(Json.write(node.run(command.name(), text, 1))).hasSizeLessThan(2000);
    }
    assertThat(Json.write(node.run(text))).hasSizeLessThan(2000);
    assertThat(node.run("call", "name", "DMM1", "verb", text))
        .containsEntry("code", "unknown_command")
        .extractingByKey("error")
        .asString()
        .contains("xxx… (100000 characters)");
  }

  @Test
  void bytesTravelAsBase64BothWays() {
    Map<String, Object> reply =
        node.with("DMM1").run("call", "name", "DMM1", "verb", "echo", "args", List.of("AAH/"));

    assertThat(reply).containsEntry("value", "AAH/").containsEntry("text", "0x0001ff");
  }

  @Test
  void testMakesAnInstrumentOfItsOwnAndEndsIt() {
    node.with("DMM1");

    Map<String, Object> reply =
        node.run("test", "config_path", "/tmp/DMM1.yaml", "verb", "measure");

    assertThat(reply)
        .containsEntry("ok", true)
        .containsEntry("success", true)
        .containsEntry("error_message", "")
        .containsEntry("text_response", "3.25")
        .containsEntry("text", "3.25 V")
        .containsEntry("return_value", 3.25)
        .containsEntry("result", 3.25);
    assertThat(Texts.of("test", reply))
        .isEqualTo(
            """
            Testing instrument: DMM1
            Executing command: measure

            Result:
              Success: YES
              Response: 3.25 V""");
    assertThat(node.done).containsExactly("close DMM1");
  }

  @Test
  void aTestWhoseCommandFailsSaysSoAndWasCarriedOut() {
    Map<String, Object> reply = node.run("test", "config_path", "/tmp/A.yaml", "verb", "hang");

    assertThat(reply).containsEntry("ok", true).containsEntry("success", false);
    assertThat(reply.get("error_message").toString()).startsWith("Command timeout");
    assertThat(Texts.of("test", reply)).contains("  Success: NO\n  Error: Command timeout");
    assertThat(Texts.succeeded(reply)).isFalse();
    assertThat(node.done).containsExactly("close A");
  }

  @Test
  void aTestThatCannotMakeTheInstrumentFails() {
    assertThat(node.run("test", "config_path", "/tmp/NODRIVER.yaml", "verb", "measure"))
        .containsEntry("ok", false)
        .containsEntry("error", "failed to create instrument: no driver missing is installed");
  }

  @Test
  void pluginsAreRefusedNotIgnored() {
    assertThat(
            node.run("start", "config_path", "/tmp/A.yaml", "plugin", "x.so")
                .get("error")
                .toString())
        .startsWith("failed to load plugin");
  }

  @Test
  void pluginsAreTheInstalledDrivers() {
    assertThat(node.run("plugins"))
        .containsEntry(
            "plugins", List.of(Map.of("protocol", "fake.dmm", "path", "./drivers/fake.jar")))
        .containsEntry("total", 1);
  }

  @Test
  void discoverLooksIntoDriverJarsAndDefinitions(@TempDir Path folder) throws IOException {
    jar(
        folder.resolve("a.jar"),
        "<property name=\"consort.driver\" type=\"String\" value=\"a.b\"/>");
    jar(folder.resolve("library.jar"), "<property name=\"other\" value=\"x\"/>");
    Files.writeString(folder.resolve("broken.jar"), "no jar");
    Files.writeString(folder.resolve("dmm.yaml"), "definition");
    NodeCommands commands = node.home(folder);
    commands.bindFormat(
        new DriverFormat() {
          @Override
          public boolean reads(String fileName) {
            return fileName.endsWith(".yaml");
          }

          @Override
          public Converted convert(String shown, byte[] bytes, String driver) {
            return new Converted(List.of(), "DMM_API", "1.0.0", null);
          }
        });
    Map<String, Object> request = Map.of("paths", List.of(folder.toString()));

    assertThat(commands.run("discover", request, FakeNode.ADMINISTRATOR))
        .isEqualTo(
            Map.of(
                "ok",
                true,
                "protocols",
                List.of("DMM_API", "a.b"),
                "paths",
                List.of(folder.toString()),
                "plugins",
                List.of(
                    plugin("a.b", folder.resolve("a.jar"), "made.by.test", "2.0.0", "A driver."),
                    plugin("DMM_API", folder.resolve("dmm.yaml"), "dmm.yaml", "1.0.0", ""))));
    assertThat(commands.run("discover", request, FakeNode.OBSERVER))
        .containsEntry("code", "not_allowed");
    assertThat(node.run("discover", "paths", List.of("/no/such", folder.toString())))
        .containsEntry("ok", true)
        .containsEntry("paths", List.of("/no/such", folder.toString()))
        .containsEntry("missing", List.of("/no/such"))
        .containsEntry("protocols", List.of("a.b"));
  }

  private static Map<String, Object> plugin(
      String protocol, Path path, String name, String version, String description) {
    return Map.of(
        "protocol", protocol,
        "path", path.toString(),
        "name", name,
        "version", version,
        "description", description);
  }

  private static void jar(Path file, String descriptor) throws IOException {
    Manifest manifest = new Manifest();
    Attributes headers = manifest.getMainAttributes();
    headers.putValue("Manifest-Version", "1.0");
    headers.putValue("Bundle-SymbolicName", "made.by.test;singleton:=true");
    headers.putValue("Bundle-Version", "2.0.0");
    headers.putValue("Bundle-Description", "A driver.");
    headers.putValue("Service-Component", "OSGI-INF/none.xml, OSGI-INF/x.xml");
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(file), manifest)) {
      out.putNextEntry(new JarEntry("OSGI-INF/x.xml"));
      out.write(descriptor.getBytes(StandardCharsets.UTF_8));
    }
  }

  @Test
  void whyIsAPage() {
    assertThat(Texts.of("why", node.with("DMM1").run("why", "name", "DMM1")))
        .isEqualTo(
            """
            DMM1 is ready
              driver  fake.dmm
              link    none""");
  }

  @Test
  void driversAreATable() {
    assertThat(Texts.of("drivers", node.run("drivers")))
        .isEqualTo(
            """
            NAME      VERSION  BUNDLE       FILE              INSTRUMENTS
            fake.dmm  1.2.0    fake.bundle  drivers/fake.jar  DMM1, DMM2""");
  }

  @Test
  void infoShowsSignatures() {
    Map<String, Object> reply = node.with("DMM1").run("info", "name", "DMM1");

    assertThat(Texts.of("info", reply))
        .startsWith("DMM1 (Multimeter)\nA meter in memory.\n\nCOMMAND")
        .contains("set_voltage(voltage: double [V] -10..10)")
        .contains("Does measure.");
    assertThat(Json.write(reply)).contains("\"min\":-10.0,\"max\":10.0");
  }

  @Test
  void findingsStandAtTheirLine() {
    assertThat(Texts.of("findings", node.run("findings"))).isEqualTo("All files are in order");
    node.findings.add(
        new Finding("instruments/a.yaml", 3, 5, "/colour", true, "unknown key 'colour'"));
    node.findings.add(new Finding("drivers/x.jar", 0, 0, false, "nobody uses it"));

    assertThat(Texts.of("findings", node.run("findings")))
        .isEqualTo(
            """
            instruments/a.yaml:3:5: error: /colour: unknown key 'colour'
            drivers/x.jar: note: nobody uses it""");
  }

  @Test
  void traceWithoutLinksIsEmpty() {
    assertThat(Texts.of("trace", node.with("DMM1").run("trace", "name", "DMM1")))
        .isEqualTo("Nothing was sent or received yet");
  }

  @Test
  void whatAnInstrumentAnswersCannotSteerATerminal() {
    Map<String, Object> reply = node.with("DMM1").run("call", "name", "DMM1", "verb", "identify");

    assertThat(reply).containsEntry("value", "Acme\u001b[31m");
    assertThat(Texts.of("call", reply)).isEqualTo("Acme\\x1b[31m");
  }

  @Test
  void aMistakeInsideTheNodeShowsNoClassName() {
    node.with("DMM1");
    node.instruments.put("DMM1", null);

    assertThat(node.run("list"))
        .containsEntry("ok", false)
        .containsEntry("error", "exception: list failed inside the node; see data/logs");
  }

  @Test
  void hundredKilobytesArriveWhole() {
    String text = "x".repeat(100_000);

    node.with("DMM1").run("call", "name", "DMM1", "verb", "measure", "args", Arrays.asList(text));

    assertThat(node.calls.get(0).positional().get(0)).isEqualTo(text);
  }

  @Test
  void theReferenceListsEveryCommandAndParameter() throws java.io.IOException {
    String written =
        node.commands.commands().stream()
            .map(
                c ->
                    "| `%s` | %s | %s | %s |"
                        .formatted(
                            c.name(),
                            c.role().name().toLowerCase(java.util.Locale.ROOT),
                            c.parameters().stream()
                                .map(p -> "`" + p.name() + "`" + (p.optional() ? "?" : ""))
                                .collect(java.util.stream.Collectors.joining(", ")),
                            c.doc()))
            .collect(java.util.stream.Collectors.joining("\n"));

    assertThat(java.nio.file.Files.readString(java.nio.file.Path.of("../../docs/reference/rpc.md")))
        .contains(written);
  }

  @Test
  void everyVerbOfTheFacesIsACommand() {
    List<String> names = node.commands.commands().stream().map(CommandDoc::name).toList();

    assertThat(Verb.ALL).filteredOn(verb -> !verb.isElsewhere()).isNotEmpty();
    for (Verb verb : Verb.ALL) {
      if (!verb.isElsewhere() && !verb.streams()) {
        assertThat(names).contains(verb.name());
      }
    }
  }

  private static SwapOutcome outcome(String name, SwapOutcome.Result result, String reason) {
    Duration none = Duration.ZERO;
    return new SwapOutcome(
        name,
        Instant.now().plusSeconds(1),
        "fake.dmm",
        "1.2.0",
        "2.0.0",
        7,
        result,
        reason,
        "",
        false,
        3,
        new SwapOutcome.Times(none, none, none, none, none, none, none, Duration.ofMillis(12)));
  }

  @Test
  void swapTellsOfEachInstrumentAndIsFinishedWhenAllHaveMoved() {
    node.with("DMM1").with("DMM2");
    node.driverFile = new DriverFile("drivers/x.jar", "d1", "2.0.0", 7, true, "");
    node.swapping.add(new SwapStatus("DMM1", "fake.dmm", "1.2.0", "2.0.0", 7, false, "waiting"));
    node.onLook =
        () -> {
          if (node.looks == 2) {
            node.swapping.clear();
            node.outcomes.add(outcome("DMM1", SwapOutcome.Result.DONE, ""));
          }
        };
    List<String> lines = new ArrayList<>();
    Map<String, Object> first = node.run("swap", "file", "/tmp/x.jar", "wait", false);
    assertThat(first).containsEntry("finished", false);
    Map<String, Object> last =
        Progress.follow(
            "swap",
            first,
            (command, more) -> node.commands.run(command, more, FakeNode.ADMINISTRATOR),
            lines::add);
    assertThat(lines)
        .containsExactly(
            "DMM1  waiting", "DMM2  uses 1.2.0", "DMM1  1.2.0 to 2.0.0: done in 12 ms");
    assertThat(Texts.succeeded(last)).isTrue();
    assertThat(Texts.of("swap", last)).isEqualTo("drivers/x.jar (2.0.0): done: DMM1, DMM2");
    assertThat(node.done).containsExactly("swap x.jar null");
  }

  @Test
  void aCommandThatIsOverAtOnceIsNotFollowed() {
    node.with("DMM1");
    List<String> lines = new ArrayList<>();
    Map<String, Object> reply = node.run("list");
    assertThat(Progress.follow("list", reply, (command, more) -> Map.of(), lines::add))
        .isSameAs(reply);
    assertThat(lines).isEmpty();
  }

  @Test
  void swapFailsWhereSomethingWasTakenBack() {
    node.with("DMM1");
    node.driverFile = new DriverFile("drivers/x.jar", "d1", "2.0.0", 7, true, "");
    node.outcomes.add(outcome("DMM1", SwapOutcome.Result.TAKEN_BACK, "no greeting"));
    Map<String, Object> reply = node.run("swap", "file", "/tmp/x.jar", "only", "DMM1");
    assertThat(reply).containsEntry("finished", true);
    assertThat(Texts.succeeded(reply)).isFalse();
    assertThat(reply.get("instruments").toString())
        .contains("1.2.0 to 2.0.0: taken back because no greeting");
    assertThat(Texts.of("swap", reply)).isEqualTo("drivers/x.jar (2.0.0): taken back: DMM1");
    assertThat(node.run("swap", "file", "/tmp/x.jar", "only", "NONE"))
        .containsEntry("code", "unknown_instrument");
    assertThat(node.run("swap", "id", "swap-99").toString()).contains("there is no swap");
  }

  @Test
  void swapSaysWhyAJarCannotBeUsed() {
    node.driverFile =
        new DriverFile("drivers/x.jar", "d1", "2.0.0", 7, false, "needs the package org.absent");
    Map<String, Object> reply = node.run("swap", "file", "/tmp/x.jar");
    assertThat(Texts.succeeded(reply)).isFalse();
    assertThat(Texts.of("swap", reply)).isEqualTo("drivers/x.jar: needs the package org.absent");
  }
}
