// SPDX-License-Identifier: Apache-2.0
package consort.deploy;

import static consort.deploy.TestNode.until;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import consort.api.Refused;
import consort.api.coordinator.TemporaryInstrument;
import consort.api.deploy.DriverFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.ServiceRegistration;

/** API definitions, of {@code drivers/} and of anywhere else. */
final class DefinitionDeploymentTest {

  private static final String DMM = "name: DMM1\ndriver: ACME\n";

  @TempDir private Path folder;
  private TestNode node;
  private ServiceRegistration<DriverFormat> format;

  @BeforeEach
  void boot() throws Exception {
    node = new TestNode(folder);
    format();
  }

  @AfterEach
  void end() throws Exception {
    node.close();
  }

  private void format() {
    format =
        node.framework
            .getBundleContext()
            .registerService(DriverFormat.class, new TestFormat(), null);
  }

  private static String acme(String version) {
    return "identifier: ACME\nversion: \"" + version + "\"\n";
  }

  private Path driver(String name, String text) throws IOException {
    return Files.writeString(node.home.resolve("drivers").resolve(name), text);
  }

  private Path outside(String name, String text) throws IOException {
    Path file = folder.toRealPath().resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text);
  }

  private static String referring(String name, Path definition) {
    return "name: " + name + "\nconnection: X\nio_config: {}\napi_ref: " + definition + "\n";
  }

  private boolean uses(String instrument, String version) {
    return node.coordinator.version(instrument).equals(version);
  }

  @Test
  void aDroppedDefinitionIsTheDriverOfItsIdentifier() throws Exception {
    node.open();
    node.instrument("dmm1.yaml", DMM);
    driver("acme.yaml", acme("1.0.0"));

    until(() -> uses("DMM1", "1.0.0"));
    node.untilFindings();
  }

  @Test
  void editingIsASwapAlsoWithinOneVersionAndRemovingTakesItAway() throws Exception {
    driver("acme.yaml", acme("1.0.0"));
    node.instrument("dmm1.yaml", DMM);
    node.open();
    until(() -> uses("DMM1", "1.0.0"));
    long first = node.drivers().findFirst().orElseThrow().getBundleId();

    driver("acme.yaml", acme("1.0.0") + "other: x\n");
    until(() -> node.drivers().allMatch(b -> b.getBundleId() > first));
    assertThat(uses("DMM1", "1.0.0")).isTrue();

    driver("acme.yaml", acme("1.1.0"));
    until(() -> uses("DMM1", "1.1.0") && node.bundles().size() == 1);

    node.delete("drivers/acme.yaml");
    node.untilBundles();
    node.untilFindings();
  }

  @Test
  void aBrokenEditIsReportedWithItsPlaceAndTheFormerOneGoesOn() throws Exception {
    driver("acme.yaml", acme("1.0.0"));
    node.instrument("dmm1.yaml", DMM);
    node.open();
    until(() -> uses("DMM1", "1.0.0"));

    driver("acme.yaml", "identifier: ACME\nversion: no\n");

    node.untilFindings(
        "drivers/acme.yaml:2:10: /version: no without quotes is a boolean to some and text to"
            + " others; write true or false, or put it in quotes: \"no\"",
        "drivers/acme.yaml: version 1.0.0 goes on");
    assertThat(uses("DMM1", "1.0.0")).isTrue();

    driver("acme.yaml", acme("1.0.0"));
    node.untilFindings();
    assertThat(uses("DMM1", "1.0.0")).isTrue();
  }

  @Test
  void aDefinitionWaitsForWhoeverReadsItAndStaysWhenThatGoes() throws Exception {
    format.unregister();
    driver("acme.yaml", acme("1.0.0"));
    node.instrument("dmm1.yaml", DMM);
    node.open();
    node.untilFindings(
        "drivers/acme.yaml: nothing here reads API definitions: the bundle consort.declarative is"
            + " not running");

    format();
    until(() -> uses("DMM1", "1.0.0"));
    node.untilFindings();

    format.unregister();
    until(node.deployment()::settled);
    assertThat(uses("DMM1", "1.0.0")).isTrue();
    assertThat(node.findings()).isEmpty();
  }

  @Test
  void aDefinitionThatIsReferredToIsLoadedWatchedAndLetGo() throws Exception {
    Path definition = outside("apis/acme.yaml", acme("1.0.0"));
    node.open();
    node.instrument("a.yaml", referring("A", definition));
    until(() -> uses("A", "1.0.0"));
    assertThat(node.coordinator.specs().get("A").driver()).isEqualTo("definition:" + definition);
    node.untilFindings();

    Files.writeString(definition, acme("2.0.0"));
    until(() -> uses("A", "2.0.0") && node.bundles().size() == 1);

    node.delete("instruments/a.yaml");
    node.untilBundles();
  }

  @Test
  void twoDefinitionsOfOneIdentifierNeverMix() throws Exception {
    driver("acme.yaml", acme("3.0.0"));
    Path one = outside("one/acme.yaml", acme("1.0.0"));
    Path two = outside("two/acme.yaml", acme("2.0.0"));
    node.instrument("a.yaml", referring("A", one));
    node.instrument("b.yaml", referring("B", two));
    node.instrument("c.yaml", "name: C\ndriver: ACME\n");
    node.instrument("d.yaml", referring("D", node.home.resolve("drivers/acme.yaml")));

    node.open();

    until(() -> uses("A", "1.0.0") && uses("B", "2.0.0") && uses("C", "3.0.0"));
    until(() -> uses("D", "3.0.0"));
  }

  @Test
  void anInstrumentMovesToAnotherDefinitionOnlyWhenThatIsUsable() throws Exception {
    Path good = outside("good.yaml", acme("1.0.0"));
    Path next = outside("next.yaml", "identifier: ACME\n");
    node.instrument("a.yaml", referring("A", good));
    node.open();
    until(() -> uses("A", "1.0.0"));

    node.instrument("a.yaml", referring("A", next));
    node.untilFindings(
        next + ":1:1: /version: this key is missing",
        "instruments/a.yaml: its API definition cannot be used; A goes on as before");
    assertThat(uses("A", "1.0.0")).isTrue();

    Files.writeString(next, acme("2.0.0"));
    until(() -> uses("A", "2.0.0"));
    node.untilFindings();
    until(() -> node.bundles().size() == 1);
  }

  @Test
  void aNewInstrumentOfABrokenDefinitionIsThereWithoutADriver() throws Exception {
    Path broken = outside("broken.yaml", "identifier: ACME\n");
    node.open();
    node.instrument("a.yaml", referring("A", broken));

    until(() -> node.coordinator.specs().containsKey("A"));
    node.untilFindings(broken + ":1:1: /version: this key is missing");
    assertThat(uses("A", "")).isTrue();
  }

  @Test
  void startingAFileLoadsItsDefinitionFirstAndRefusesABrokenOne() throws Exception {
    node.open();
    Path definition = outside("acme.yaml", acme("1.0.0"));
    Path file = outside("a.yaml", referring("A", definition));

    assertThat(node.deployment().start(file)).isEqualTo("A");
    assertThat(uses("A", "1.0.0")).isTrue();

    node.deployment().stop("A");
    node.untilBundles();

    Files.writeString(definition, "version: \"1.0.0\"\n");
    assertThatThrownBy(() -> node.deployment().start(file))
        .isInstanceOf(Refused.class)
        .hasMessage(definition + ":1:1: /identifier: this key is missing");
  }

  @Test
  void aTemporaryInstrumentHoldsItsDefinitionAsLongAsItLives() throws Exception {
    node.open();
    Path definition = outside("acme.yaml", acme("1.0.0"));
    Path file = outside("a.yaml", referring("A", definition));

    try (TemporaryInstrument open = node.deployment().open(file)) {
      assertThat(open.name()).isEqualTo("A");
      assertThat(node.bundles()).hasSize(1);
    }
    node.untilBundles();
  }

  @Test
  void aDefinitionThatIsTooLongIsNotRead() throws Exception {
    node.open();
    driver("acme.yaml", "#".repeat((1 << 20) + 1));

    node.untilFindings("drivers/acme.yaml: the file has 1048577 bytes; at most 1 MiB is read");
  }
}
