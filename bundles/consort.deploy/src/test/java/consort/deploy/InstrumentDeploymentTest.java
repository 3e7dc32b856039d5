// SPDX-License-Identifier: Apache-2.0
package consort.deploy;

import static consort.deploy.TestNode.until;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import consort.api.Refused;
import consort.api.deploy.DriverFormat;
import consort.api.deploy.Finding;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

final class InstrumentDeploymentTest {

  private static final String DMM = "name: DMM1\ndriver: acme\n";

  @TempDir private Path folder;
  private TestNode node;

  @BeforeEach
  void boot() throws Exception {
    node = new TestNode(folder);
  }

  @AfterEach
  void end() throws Exception {
    node.close();
  }

  private void untilPut(String name, Map<String, Object> settings) {
    until(
        () ->
            node.coordinator.specs().containsKey(name)
                && node.coordinator.specs().get(name).settings().equals(settings));
  }

  /** A file that comes after what was done before it: when it is seen, so is the rest. */
  private void untilSeen() throws Exception {
    node.instrument("zz.yaml", "name: ZZ\ndriver: z\n");
    until(() -> node.coordinator.specs().containsKey("ZZ"));
    node.delete("instruments/zz.yaml");
    until(() -> !node.coordinator.specs().containsKey("ZZ"));
    until(node.deployment()::settled);
  }

  @Test
  void aFileIsAnInstrumentItsChangeAChangeAndItsEndTheEnd() throws Exception {
    node.open();
    node.instrument("dmm1.yaml", DMM);
    untilPut("DMM1", Map.of());
    assertThat(node.coordinator.specs().get("DMM1").source()).isEqualTo("instruments/dmm1.yaml");

    node.instrument("dmm1.yaml", DMM + "settings: {seed: 7}\n");
    untilPut("DMM1", Map.of("seed", 7));

    node.delete("instruments/dmm1.yaml");
    until(() -> node.coordinator.specs().isEmpty());
    assertThat(node.coordinator.log()).containsExactly("put DMM1", "put DMM1", "remove DMM1");
  }

  @Test
  void foldersThatAreAbsentAreMade() throws Exception {
    node.delete("instruments");
    node.delete("drivers");
    node.open();
    node.instrument("dmm1.yml", DMM);

    untilPut("DMM1", Map.of());
  }

  @Test
  void aChangeThatMeansNothingChangesNothing() throws Exception {
    node.instrument("dmm1.yaml", DMM);
    node.open();
    node.instrument("dmm1.yaml", "# a comment\n" + DMM);
    untilSeen();

    assertThat(node.coordinator.log()).containsOnlyOnce("put DMM1").doesNotContain("remove DMM1");
  }

  @Test
  void aBrokenFileIsReportedAndItsInstrumentGoesOn() throws Exception {
    node.instrument("dmm1.yaml", DMM);
    node.open();
    node.instrument("dmm1.yaml", DMM + "sttings: {}\nexport: maybe\n");

    node.untilFindings(
        "instruments/dmm1.yaml:3:1: /sttings: unknown key 'sttings'; did you mean 'settings'?",
        "instruments/dmm1.yaml:4:9: /export: 'maybe' is text, not true or false",
        "instruments/dmm1.yaml: DMM1 goes on as this file said before");
    assertThat(node.coordinator.log()).containsExactly("put DMM1");

    node.instrument("dmm1.yaml", DMM);
    node.untilFindings();
    assertThat(node.coordinator.log()).isEmpty();
  }

  @Test
  void aFileThatIsBrokenFromTheBeginningHarmsNoOther() throws Exception {
    node.instrument("a.yaml", "name: [\n");
    node.instrument("b.yaml", DMM);
    node.open();

    assertThat(node.coordinator.specs()).containsOnlyKeys("DMM1");
    until(() -> node.findings().size() == 1);
    assertThat(node.findings().get(0)).startsWith("instruments/a.yaml:2:1: this is not YAML");

    node.delete("instruments/a.yaml");
    node.untilFindings();
  }

  @Test
  void whatADriverRefusesIsAFindingAsLongAsItDoes() throws Exception {
    node.instrument("dmm1.yaml", DMM);
    node.open();
    node.coordinator.refused.put("DMM1", "settings: 'rnage' is unknown; it knows range");

    until(() -> node.findings().size() == 1);
    assertThat(node.findings().get(0))
        .startsWith("instruments/dmm1.yaml: the driver ")
        .endsWith(" refuses this: settings: 'rnage' is unknown; it knows range");

    node.coordinator.refused.clear();
    node.untilFindings();
  }

  @Test
  void anotherNameInTheFileIsAnotherInstrument() throws Exception {
    node.instrument("dmm1.yaml", DMM);
    node.open();
    node.instrument("dmm1.yaml", DMM.replace("DMM1", "DMM2"));

    until(() -> node.coordinator.specs().containsKey("DMM2"));
    assertThat(node.coordinator.log()).containsExactly("put DMM1", "remove DMM1", "put DMM2");
  }

  @Test
  void theFirstOfTwoFilesOwnsTheirNameAndTheOtherTakesOver() throws Exception {
    node.instrument("a.yaml", DMM + "settings: {from: a}\n");
    node.instrument("b.yaml", DMM + "settings: {from: b}\n");
    node.open();

    node.untilFindings(
        "instruments/b.yaml: the name DMM1 is taken by instruments/a.yaml; choose another");
    assertThat(node.coordinator.specs().get("DMM1").settings()).isEqualTo(Map.of("from", "a"));

    node.delete("instruments/a.yaml");
    untilPut("DMM1", Map.of("from", "b"));
    node.untilFindings();
    assertThat(node.coordinator.log()).containsExactly("put DMM1", "put DMM1");
  }

  @Test
  void aLaterFileDoesNotTakeTheNameOfOneThatRuns() throws Exception {
    node.instrument("b.yaml", DMM);
    node.open();
    node.instrument("a.yaml", DMM + "settings: {from: a}\n");

    node.untilFindings(
        "instruments/a.yaml: the name DMM1 is taken by instruments/b.yaml; choose another");
    assertThat(node.coordinator.specs().get("DMM1").settings()).isEmpty();
  }

  @Test
  void aRenamedFileRestartsNothing() throws Exception {
    Path file = node.instrument("a.yaml", DMM);
    node.open();
    Files.move(file, file.resolveSibling("b.yaml"));
    untilSeen();

    assertThat(node.coordinator.log()).containsExactly("put DMM1", "put ZZ", "remove ZZ");
    assertThat(node.findings()).isEmpty();

    node.delete("instruments/b.yaml");
    until(() -> node.coordinator.specs().isEmpty());
  }

  @Test
  void instrumentsThatRequireEachOtherAreNotedAndRun() throws Exception {
    node.instrument("a.yaml", "name: A\ndriver: d\nrequires: [{instrument: B}]\n");
    node.instrument("b.yaml", "name: B\ndriver: d\nrequires: [{instrument: A}]\n");
    node.open();
    node.untilFindings(
        "instruments/a.yaml: requires goes round in a circle: A requires B requires A; when one is"
            + " lost, all are made safe",
        "instruments/b.yaml: requires goes round in a circle: B requires A requires B; when one is"
            + " lost, all are made safe");
    assertThat(node.coordinator.specs()).containsOnlyKeys("A", "B");
    assertThat(node.deployment().findings()).noneMatch(Finding::error);
  }

  @Test
  void aFileIsReadAgainWhenItsDefinitionAppears() throws Exception {
    node.instrument("a.yaml", "name: A\nconnection: X\nio_config: {}\napi_ref: ../apis/a.yaml\n");
    node.open();
    Path definition = node.home.resolve("apis/a.yaml");
    node.untilFindings(
        "instruments/a.yaml:4:10: /api_ref: API definition file not found: " + definition);

    node.framework.getBundleContext().registerService(DriverFormat.class, new TestFormat(), null);
    Files.createDirectories(definition.getParent());
    Files.writeString(definition, "identifier: A\nversion: \"1.0.0\"\n");

    until(() -> node.coordinator.specs().containsKey("A"));
    assertThat(node.coordinator.specs().get("A").driver())
        .isEqualTo("definition:" + definition.toRealPath());
    // The instrument is put first, the findings are told at the end of the same pass.
    until(() -> node.deployment().findings().stream().noneMatch(Finding::error));
  }

  @Test
  void readingGivesTheSpecificationOrAllFindings() throws Exception {
    node.open();
    Path good = Files.writeString(folder.resolve("good.yaml"), DMM);
    Path bad = Files.writeString(folder.resolve("bad.yaml"), "name: 1x\nconection: X\n");

    assertThat(node.deployment().read(good).name()).isEqualTo("DMM1");
    assertThat(node.deployment().check(good)).isEmpty();
    assertThatThrownBy(() -> node.deployment().read(bad))
        .isInstanceOf(Refused.class)
        .hasMessageContaining(bad + ":1:1: driver or api_ref is missing")
        .hasMessageContaining("\n" + bad + ":1:7: /name: '1x' does not match")
        .hasMessageContaining("\n" + bad + ":2:1: /conection: unknown key 'conection'");
    assertThat(node.deployment().check(bad)).hasSize(3);
    assertThatThrownBy(() -> node.deployment().read(folder.resolve("none.yaml")))
        .isInstanceOf(Refused.class)
        .hasMessage(folder.resolve("none.yaml") + ": there is no such file");
  }

  @Test
  void anInstrumentStartedFromAFileLivesUntilItIsStoppedAndIsNotCopied() throws Exception {
    node.open();
    Path file = Files.writeString(folder.resolve("dmm.yaml"), DMM);

    assertThat(node.deployment().start(file)).isEqualTo("DMM1");
    assertThatThrownBy(() -> node.deployment().start(file))
        .isInstanceOf(Refused.class)
        .hasMessage("Instrument already exists: DMM1");
    untilSeen();
    try (var files = Files.list(node.home.resolve("instruments"))) {
      assertThat(files).isEmpty();
    }

    node.deployment().stop("DMM1");
    assertThat(node.coordinator.log())
        .containsExactly("put DMM1", "put ZZ", "remove ZZ", "remove DMM1");
    assertThat(node.deployment().start(file)).isEqualTo("DMM1");
  }

  @Test
  void aNameOfTheFolderIsNotStartedTwice() throws Exception {
    node.instrument("dmm1.yaml", DMM);
    node.open();
    Path file = Files.writeString(folder.resolve("dmm.yaml"), DMM);

    assertThatThrownBy(() -> node.deployment().start(file))
        .hasMessage("Instrument already exists: DMM1");
  }

  @Test
  void aFileOfTheFolderWaitsForTheNameOfAStartedOne() throws Exception {
    node.open();
    Path file = Files.writeString(folder.resolve("dmm.yaml"), DMM);
    node.deployment().start(file);
    node.instrument("dmm1.yaml", DMM + "settings: {from: folder}\n");

    node.untilFindings(
        "instruments/dmm1.yaml: the name DMM1 is taken: it was started from " + file);
    node.deployment().stop("DMM1");
    untilPut("DMM1", Map.of("from", "folder"));
    node.untilFindings();
  }

  @Test
  void anInstrumentOfTheFolderIsStoppedUntilItsFileIsStarted() throws Exception {
    Path file = node.instrument("dmm1.yaml", DMM);
    node.open();

    node.deployment().stop("DMM1");
    assertThat(node.deployment().start(file)).isEqualTo("DMM1");
    assertThatThrownBy(() -> node.deployment().start(file))
        .hasMessage("Instrument already exists: DMM1");
    assertThat(node.coordinator.log()).containsExactly("put DMM1", "stop DMM1", "start DMM1");
  }

  @Test
  void stoppingWhatIsNotThereIsRefused() {
    node.open();

    assertThatThrownBy(() -> node.deployment().stop("NONE"))
        .isInstanceOf(Refused.class)
        .hasMessage("there is no instrument NONE");
  }

  @Test
  void thousandsOfFilesAreReadAtOnce() throws Exception {
    for (int i = 0; i < 2_000; i++) {
      node.instrument(
          "i" + i + ".yaml",
          "name: I"
              + i
              + "\ndriver: simulated\nconnection: {type: Simulated}\n"
              + "settings: {seed: "
              + i
              + ", noise: 1e-6}\n");
    }
    node.open();

    assertThat(node.coordinator.specs()).hasSize(2_000);
    assertThat(node.findings()).isEmpty();
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aDeviceIsNoInstrumentFile() {
    node.open();

    assertThatThrownBy(() -> node.deployment().start(Path.of("/dev/zero")))
        .isInstanceOf(Refused.class)
        .hasMessage("/dev/zero: this is a device, a pipe or a socket, not a file");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aNameWithALineEndIsOneLine() throws Exception {
    node.instrument("a\n\u001b[31m.yaml", "name: [");
    node.open();

    until(() -> !node.findings().isEmpty());
    assertThat(node.findings().get(0)).startsWith("instruments/a??[31m.yaml:1:8: this is not YAML");
  }
}
