// SPDX-License-Identifier: Apache-2.0
package consort.runtime.files;

import static org.assertj.core.api.Assertions.assertThat;

import consort.commands.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The verbs on files; points of instrument-script-server's acceptance list are named by their ids.
 */
final class FileVerbTest {

  private static final Path DOCUMENTED = Path.of("src/test/resources/instrument-script-server");

  @TempDir private Path folder;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private int run(Object... words) {
    out.reset();
    err.reset();
    List<String> all = java.util.Arrays.stream(words).map(Object::toString).toList();
    return new FileVerb(print(out), print(err)).run(all);
  }

  private static PrintStream print(ByteArrayOutputStream to) {
    return new PrintStream(to, true, StandardCharsets.UTF_8);
  }

  private String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  private String err() {
    return err.toString(StandardCharsets.UTF_8);
  }

  private Path file(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  @Test
  void theDocumentedPairIsValid() {
    assertThat(run("validate", "config", DOCUMENTED.resolve("configs/dmm1.yaml"))).isZero();
    assertThat(out()).isEqualTo("✓ Configuration is valid\n");
    assertThat(run("validate", "api", DOCUMENTED.resolve("apis/dmm.yaml"))).isZero();
    assertThat(out()).isEqualTo("✓ Configuration is valid\n");
    assertThat(run("validate-instrument-config", DOCUMENTED.resolve("configs/dmm1.yaml"))).isZero();
    assertThat(out()).isEqualTo("Validation succeeded.\n");
    assertThat(run("validate-instrument-api", DOCUMENTED.resolve("apis/dmm.yaml"))).isZero();
    assertThat(out()).isEqualTo("Validation succeeded.\n");
  }

  @Test
  void is05WhatIsWrongIsNamedAllAtOnceWithItsPlace() throws IOException {
    Path config =
        file("bad.yaml", "name: 1x\ndriver: d\nconnection: {type: Serial}\ncolour: red\n");

    assertThat(run("validate", "config", config)).isEqualTo(1);
    assertThat(out())
        .startsWith("✗ Validation failed:\n")
        .contains("  - " + config + ":1:7: /name: '1x' does not match ^[A-Za-z][A-Za-z0-9_]*$")
        .contains(
            "  - "
                + config
                + ":3:20: /connection/type: 'Serial' is not one of VISA, Custom, Simulated, None\n")
        .contains("  - " + config + ":4:1: /colour: unknown key 'colour'; allowed are ");

    assertThat(run("validate-instrument-config", config)).isEqualTo(2);
    assertThat(out())
        .startsWith("Validation failed:\n  - /name: '1x' does not match ^[A-Za-z][A-Za-z0-9_]*$");
  }

  @Test
  void is05AnAbsentConnectionIsNamedAndAbsentIosAreANote() throws IOException {
    Path api = DOCUMENTED.resolve("apis/dmm.yaml").toAbsolutePath();
    Path without = file("without.yaml", "name: A\napi_ref: " + api + "\nio_config: {}\n");

    assertThat(run("validate", "config", without)).isEqualTo(1);
    assertThat(out()).contains(":1:1: /connection: this key is missing");
    assertThat(run("validate-instrument-config", without)).isEqualTo(2);
    assertThat(out()).isEqualTo("Validation failed:\n  - : Missing required field 'connection'\n");

    Path legacy =
        file(
            "legacy.yaml",
            "name: mock1\napi_ref: "
                + api
                + "\nconnection: {type: VISA, address: \"TCPIP::h::INSTR::0\", timeout: 5000}\n");
    assertThat(run("validate", "config", legacy)).isZero();
    assertThat(out())
        .startsWith("✓ Configuration is valid\n")
        .contains("  note: " + legacy + ":1:1: io_config is absent")
        .contains(": /connection/timeout: ");
  }

  @Test
  void anInstrumentOfABrokenDefinitionIsNotValid() throws IOException {
    Path api = file("api.yaml", "api_version: \"1.0.0\"\n");
    Path config = file("a.yaml", "name: A\nconnection: X\nio_config: {}\napi_ref: api.yaml\n");

    assertThat(run("validate", "config", config)).isEqualTo(1);
    assertThat(out()).contains("  - " + api.toRealPath() + ":1:1: /commands: this key is missing");
  }

  @Test
  void is06APlaceholderWithoutAParameterIsNamed() throws IOException {
    String text = Files.readString(DOCUMENTED.resolve("apis/dmm.yaml"));
    Path api = file("api.yaml", text.replace("VOLT {level}", "VOLT {volts}"));
    String message =
        "Template placeholder {volts} does not match any parameter or channel_group name";

    assertThat(run("validate", "api", api)).isEqualTo(1);
    assertThat(out()).contains("/commands/SET_LEVEL/template: " + message);
    assertThat(run("validate-instrument-api", api)).isEqualTo(2);
    assertThat(out()).contains("  - /commands/SET_LEVEL/template: " + message);
  }

  @Test
  void is07TheOldValidatorWantsGroupsWrittenOutWhichTheExpanderDoes() {
    Path scope = DOCUMENTED.resolve("apis/scope.yaml");
    assertThat(run("validate", "api", scope)).isZero();

    assertThat(run("validate-instrument-api", scope)).isEqualTo(2);
    assertThat(out().lines().filter(l -> l.startsWith("  - /io: Missing IO entry"))).hasSize(4);
    assertThat(out())
        .contains(
            "  - /io: Missing IO entry for channel group 'analog', channel 3, suffix 'waveform'"
                + " (expected name: 'analog3_waveform')\n");

    Path expanded = folder.resolve("expanded.yaml");
    assertThat(run("template-expander", scope, expanded)).isZero();
    assertThat(run("validate-instrument-api", expanded)).isZero();
    assertThat(out()).isEqualTo("Validation succeeded.\n");
    Path twice = folder.resolve("twice.yaml");
    assertThat(run("expand", expanded, twice)).isZero();
    assertThat(twice).hasSameTextualContentAs(expanded);
  }

  @Test
  void expandingKeepsWhatTheFileSays() throws IOException {
    Path api =
        file(
            "api.yaml",
            Files.readString(DOCUMENTED.resolve("apis/dmm.yaml"))
                .replace("vendor: Acme", "vendor: \"no\"")
                .replace("model: D1", "model: \"010\""));

    assertThat(run("expand", api)).isZero();
    Path again = file("again.yaml", out());

    assertThat(out()).contains("vendor: 'no'").contains("model: '010'").contains("'*IDN?'");
    assertThat(run("expand", again)).isZero();
    assertThat(again).hasContent(out());
  }

  @Test
  void aNewInstrumentHasTheIosOfTheDefinitionAndIsValid() throws IOException {
    Path api = DOCUMENTED.resolve("apis/scope.yaml").toAbsolutePath();
    Path made = folder.resolve("made.yaml");

    assertThat(run("new-instrument", api, made)).isZero();
    assertThat(made)
        .content()
        .startsWith("name: INSTRUMENT_NAME\napi_ref: " + api + "\nconnection:\n  type: VISA\n")
        .contains(
            "  analog4_waveform:\n    type: float\n    role: output\n    unit: V\n"
                + "    offset: 0\n    scale: 1\n")
        .doesNotContain("timebase");
    assertThat(run("validate", "config", made)).isZero();

    assertThat(run("generate-instrument-config", api, made)).isZero();
    assertThat(out()).isEqualTo("Generated instrument configuration: " + made + "\n");
    assertThat(made).content().contains("address: TCPIP::192.168.0.1::INSTR::0");
  }

  @Test
  void findingsAreDataForPrograms() throws IOException {
    Path config = file("bad.yaml", "name: A\ndriver: 5\n");

    assertThat(run("validate", "--json", "config", config)).isEqualTo(1);
    assertThat(Json.read(out.toByteArray()))
        .isEqualTo(
            Map.of(
                "valid",
                false,
                "findings",
                List.of(
                    Map.of(
                        "file",
                        config.toString(),
                        "line",
                        2,
                        "column",
                        9,
                        "pointer",
                        "/driver",
                        "error",
                        true,
                        "message",
                        "5 is an integer, not text; in quotes '5' does not match"
                            + " ^[A-Za-z][A-Za-z0-9_.-]*$: a driver's name begins with a letter and"
                            + " has letters, digits, '.', '_' and '-' only"))));
  }

  @Test
  void whatCannotBeReadOrWrittenIsSaid() throws IOException {
    assertThat(run("validate", "config", folder.resolve("none.yaml"))).isEqualTo(1);
    assertThat(out()).contains("none.yaml: there is no such file");
    assertThat(run("validate", "api", folder)).isEqualTo(1);
    assertThat(out()).contains(": this is a folder");
    assertThat(run("expand", folder.resolve("none.yaml"))).isEqualTo(1);
    assertThat(err()).contains("there is no such file");
    Path api = DOCUMENTED.resolve("apis/dmm.yaml");
    assertThat(run("expand", api, folder.resolve("no/such/folder.yaml"))).isEqualTo(1);
    assertThat(err()).contains("cannot be written");
    Path large = file("large.yaml", "#".repeat((1 << 20) + 1));
    assertThat(run("validate", "config", large)).isEqualTo(1);
    assertThat(out()).contains("large.yaml: the file has 1048577 bytes; at most 1 MiB is read");
  }

  @Test
  void wrongUsageIsTwoAndUnderTheOldNamesOne() {
    for (String words :
        List.of("validate", "validate config", "validate colour x", "expand", "expand a b c")) {
      assertThat(run((Object[]) words.split(" "))).as(words).isEqualTo(2);
      assertThat(err()).startsWith("usage: consort ");
    }
    for (String words :
        List.of(
            "validate-instrument-api",
            "validate-instrument-config a b",
            "template-expander a",
            "generate-instrument-config a",
            "validate-quantum-dot-config a")) {
      assertThat(run((Object[]) words.split(" "))).as(words).isEqualTo(1);
      assertThat(err()).isNotEmpty();
    }
  }
}
