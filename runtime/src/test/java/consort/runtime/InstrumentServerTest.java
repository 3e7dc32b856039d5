// SPDX-License-Identifier: Apache-2.0
package consort.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The words and texts of the old program; with a node behind them in the integration tests. */
class InstrumentServerTest {

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private int run(Map<String, String> environment, String... words) throws InterruptedException {
    return new InstrumentServer(environment, print(out), print(err)).run(List.of(words));
  }

  private static PrintStream print(ByteArrayOutputStream to) {
    return new PrintStream(to, true, StandardCharsets.UTF_8);
  }

  private static String text(String verb, Map<String, ?> reply) {
    return ServerVerb.ALL.stream()
        .filter(v -> v.name().equals(verb))
        .findFirst()
        .orElseThrow()
        .text()
        .of(reply);
  }

  @Test
  void helpIsFineAndNoWordsAreNot() throws Exception {
    assertThat(run(Map.of(), "--help")).isZero();
    assertThat(run(Map.of(), "start", "-h")).isZero();
    assertThat(run(Map.of())).isEqualTo(1);
    assertThat(out.toString(StandardCharsets.UTF_8))
        .startsWith("Usage: instrument-server <command> [options]\n");
    assertThat(err.size()).isZero();
  }

  @Test
  void wrongUsageEndsWithOne() throws Exception {
    assertThat(run(Map.of(), "dance")).isEqualTo(1);
    assertThat(err.toString(StandardCharsets.UTF_8)).isEqualTo("Unknown command: dance\n\n");
    for (String words :
        new String[] {
          "daemon",
          "daemon dance",
          "start",
          "stop",
          "status",
          "test x.yaml",
          "list --json",
          "validate",
          "validate api",
          "validate instrument x.yaml",
          "validate api x.yaml --json",
          "start x.yaml --plugin",
          "test x.yaml IDN volts"
        }) {
      assertThat(run(Map.of(), words.split(" "))).as(words).isEqualTo(1);
    }
  }

  @Test
  void validateSaysWhatIsWrongWithAFileAndNeedsNoNode(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("api.yaml");
    String good =
        """
        api_version: "1.0.0"
        instrument: {vendor: Acme, model: D1, identifier: DMM_API}
        protocol: {type: VISA}
        io: [{name: level, type: float, role: input}]
        commands:
          SET: {template: "VOLT {level}", parameters: [{io: level}], outputs: []}
        """;
    Files.writeString(file, good);
    assertThat(run(Map.of(), "validate", "api", file.toString(), "--log-level", "warn")).isZero();
    assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("✓ Configuration is valid\n");

    out.reset();
    Files.writeString(file, good.replace("{level}", "{volts}"));
    assertThat(run(Map.of(), "validate", "api", file.toString())).isEqualTo(1);
    assertThat(out.toString(StandardCharsets.UTF_8))
        .startsWith("✗ Validation failed:\n  - ")
        .contains(
            "/commands/SET/template: Template placeholder {volts} does not match any parameter");

    out.reset();
    assertThat(run(Map.of(), "validate", "config", file + ".none")).isEqualTo(1);
    assertThat(out.toString(StandardCharsets.UTF_8)).startsWith("✗ Validation failed:\n  - ");
    assertThat(err.size()).isZero();
  }

  @Test
  void aPortThatIsNoneIsNamed() throws Exception {
    for (String port : new String[] {"0", "65536", "many", "-1"}) {
      err.reset();
      assertThat(
              run(
                  Map.of("INSTRUMENT_SCRIPT_SERVER_RPC_PORT", port, "XDG_RUNTIME_DIR", "/nowhere"),
                  "daemon",
                  "status"))
          .isEqualTo(1);
      assertThat(err.toString(StandardCharsets.UTF_8))
          .isEqualTo(
              "Error: INSTRUMENT_SCRIPT_SERVER_RPC_PORT=" + port + " is not a port: 1 to 65535\n");
    }
  }

  @Test
  void listHasAStateInBrackets() {
    assertThat(text("list", Map.of("details", List.of()))).isEqualTo("No instruments running");
    assertThat(
            text(
                "list",
                Map.of(
                    "details",
                    List.of(
                        Map.of("name", "DAC1", "alive", true),
                        Map.of("name", "Scope1", "alive", false)))))
        .isEqualTo("Running instruments:\n  DAC1 [RUNNING]\n  Scope1 [STOPPED]");
  }

  @Test
  void statusHasTheDocumentedLines() {
    assertThat(
            text(
                "status",
                Map.of(
                    "name",
                    "DMM1",
                    "alive",
                    true,
                    "stats",
                    Map.of(
                        "commands_sent", 150,
                        "commands_completed", 148,
                        "commands_failed", 0,
                        "commands_timeout", 2))))
        .isEqualTo(
            """
            Instrument: DMM1
              Status: RUNNING
              Commands sent: 150
              Commands completed: 148
              Commands failed: 0
              Commands timeout: 2""");
  }

  @Test
  void testSaysYesOrNo() {
    assertThat(
            text(
                "test",
                Map.of("name", "DMM1", "verb", "IDN", "success", true, "text_response", "Acme")))
        .isEqualTo(
            """
            Testing instrument: DMM1
            Executing command: IDN

            Result:
              Success: YES
              Response: Acme""");
    assertThat(
            text(
                "test",
                Map.of("name", "D", "verb", "X", "success", false, "error_message", "no X")))
        .endsWith("Result:\n  Success: NO\n  Error: no X");
  }

  @Test
  void discoverAndPluginsAreListed() {
    Map<String, ?> visa =
        Map.of(
            "protocol", "VISA",
            "path", "/a.jar",
            "name", "a",
            "version", "1.0.0",
            "description", "A driver.");

    assertThat(text("discover", Map.of("paths", List.of("/opt"), "plugins", List.of(visa))))
        .isEqualTo(
            """
            Discovering plugins in:
              /opt

            Found 1 plugin(s):

            Protocol: VISA
              Path: /a.jar
              Name: a
              Version: 1.0.0
              Description: A driver.""");
    assertThat(
            text(
                "discover",
                Map.of(
                    "paths",
                    List.of("/opt", "/no"),
                    "missing",
                    List.of("/no"),
                    "plugins",
                    List.of())))
        .isEqualTo(
            """
            Discovering plugins in:
              /opt
              /no (no such folder)

            Found 0 plugin(s):""");
    assertThat(text("plugins", Map.of("plugins", List.of(visa))))
        .isEqualTo("Available plugins:\n\n  VISA -> /a.jar\n\nTotal: 1 plugin(s)");
    assertThat(text("plugins", Map.of("plugins", List.of()))).isEqualTo("No plugins found");
  }
}
