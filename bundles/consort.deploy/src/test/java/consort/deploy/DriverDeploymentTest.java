// SPDX-License-Identifier: Apache-2.0
package consort.deploy;

import static consort.deploy.TestNode.until;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import consort.api.deploy.DriverFile;
import consort.deploy.fixture.TestDriver;
import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleException;

final class DriverDeploymentTest {

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

  private static byte[] acme(String version) {
    return Jars.driver("acme", version).bytes();
  }

  @Test
  void jarsThatArePresentAreStartedInTheOrderOfNamesBeforeInstruments() throws Exception {
    for (String name : List.of("b", "a", "c")) {
      Path jar = node.driver(name + ".jar", Jars.driver(name, "1.0.0").bytes());
      // One that was written just now may still be growing, and is looked at again first.
      Files.setLastModifiedTime(jar, FileTime.from(Instant.now().minusSeconds(60)));
    }
    node.instrument("i.yaml", "name: A\ndriver: a\n");

    node.open();

    assertThat(node.drivers().map(Bundle::getSymbolicName)).containsExactly("a", "b", "c");
    assertThat(node.drivers()).allMatch(b -> b.getState() == Bundle.ACTIVE);
    assertThat(node.coordinator.version("A")).isEqualTo("1.0.0");
    assertThat(node.findings()).isEmpty();
  }

  @Test
  void aDroppedJarIsADriverAndItsLocationIsItsDigest() throws Exception {
    node.open();
    node.driver("acme.jar", acme("1.0.0"));

    node.untilBundles("acme 1.0.0");
    assertThat(node.drivers().map(Bundle::getLocation))
        .allMatch(l -> l.matches("consort:driver/[0-9a-f]{64}"));
  }

  @Test
  void anInstrumentMayBeDroppedBeforeItsDriver() throws Exception {
    node.open();
    node.instrument("dmm1.yaml", DMM);
    until(() -> node.coordinator.specs().containsKey("DMM1"));
    node.driver("acme.jar", acme("1.0.0"));

    until(() -> node.coordinator.version("DMM1").equals("1.0.0"));
  }

  @Test
  void aHigherVersionBesideIsUsedAndRemovingItGoesBack() throws Exception {
    node.driver("acme-1.jar", acme("1.0.0"));
    node.instrument("dmm1.yaml", DMM);
    node.open();
    node.driver("acme-2.jar", acme("2.0.0"));

    until(() -> node.coordinator.version("DMM1").equals("2.0.0"));
    until(node.deployment()::settled);
    assertThat(node.bundles()).containsExactly("acme 1.0.0", "acme 2.0.0");

    node.delete("drivers/acme-2.jar");
    node.untilBundles("acme 1.0.0");
    assertThat(node.coordinator.version("DMM1")).isEqualTo("1.0.0");
    until(() -> node.removalPending() == 0);
  }

  @ParameterizedTest
  @CsvSource({"1.0.0,2.0.0", "2.0.0,1.0.0", "1.0.0,1.0.0"})
  void anOverwrittenJarTakesThePlaceOfTheFormerOne(String former, String next) throws Exception {
    node.driver("acme.jar", acme(former));
    node.instrument("dmm1.yaml", DMM);
    node.open();
    long first = node.drivers().findFirst().orElseThrow().getBundleId();

    node.driver("acme.jar", Jars.driver("acme", next).header("Test-Other", "x").bytes());

    until(
        () -> {
          List<Long> ids = node.drivers().map(Bundle::getBundleId).toList();
          return ids.size() == 1 && ids.get(0) > first;
        });
    assertThat(node.coordinator.version("DMM1")).isEqualTo(next);
    until(() -> node.removalPending() == 0);
    assertThat(node.findings()).isEmpty();
  }

  @Test
  void theFormerVersionStaysUntilItsInstrumentsHaveMoved() throws Exception {
    node.driver("acme.jar", acme("1.0.0"));
    node.instrument("dmm1.yaml", DMM);
    node.open();
    node.coordinator.hold(true);
    assertThat(node.coordinator.version("DMM1")).isEqualTo("1.0.0");
    node.driver("acme.jar", acme("2.0.0"));

    node.untilFindings(
        "drivers/acme.jar: DMM1 still on version 1.0.0, which this file no longer has;"
            + " it is removed when nothing uses it");
    assertThat(node.bundles()).containsExactly("acme 1.0.0", "acme 2.0.0");

    node.coordinator.hold(false);
    node.untilBundles("acme 2.0.0");
    node.untilFindings();
    assertThat(node.coordinator.version("DMM1")).isEqualTo("2.0.0");
  }

  @Test
  void aPinnedInstrumentKeepsTheFormerVersionOfAnOverwrittenJar() throws Exception {
    node.driver("acme.jar", acme("1.0.0"));
    node.instrument("dmm1.yaml", DMM + "version: \"1\"\n");
    Path other = node.instrument("dmm2.yaml", "name: DMM2\ndriver: acme\n");
    node.open();
    node.driver("acme.jar", acme("2.0.0"));

    until(() -> node.coordinator.version("DMM2").equals("2.0.0"));
    until(() -> node.findings().size() == 1);
    assertThat(node.coordinator.version("DMM1")).isEqualTo("1.0.0");
    assertThat(other).exists();

    node.delete("instruments/dmm1.yaml");
    node.untilBundles("acme 2.0.0");
  }

  @Test
  void aRemovedJarTakesItsDriverWithIt() throws Exception {
    node.driver("acme.jar", acme("1.0.0"));
    node.instrument("dmm1.yaml", DMM);
    node.open();
    node.delete("drivers/acme.jar");

    node.untilBundles();
    assertThat(node.coordinator.version("DMM1")).isEmpty();
    assertThat(node.coordinator.specs()).containsKey("DMM1");
    until(() -> node.removalPending() == 0);
  }

  @Test
  void equalBytesUnderTwoNamesAreOneBundleUntilBothAreGone() throws Exception {
    byte[] bytes = acme("1.0.0");
    node.driver("a.jar", bytes);
    node.open();
    long id = node.drivers().findFirst().orElseThrow().getBundleId();
    node.driver("b.jar", bytes);
    node.driver("z.jar", Jars.driver("z", "1.0.0").bytes());
    node.untilBundles("acme 1.0.0", "z 1.0.0");

    node.delete("drivers/a.jar");
    node.delete("drivers/z.jar");
    node.untilBundles("acme 1.0.0");
    assertThat(node.drivers().map(Bundle::getBundleId)).containsExactly(id);

    node.delete("drivers/b.jar");
    node.untilBundles();
  }

  @Test
  void aRenamedOrTouchedJarRestartsNothing() throws Exception {
    byte[] bytes = acme("1.0.0");
    Path jar = node.driver("a.jar", bytes);
    node.open();
    Bundle bundle = node.drivers().findFirst().orElseThrow();
    Files.move(jar, jar.resolveSibling("b.jar"));
    node.driver("marker.jar", Jars.driver("marker", "1.0.0").bytes());
    node.untilBundles("acme 1.0.0", "marker 1.0.0");
    until(node.deployment()::settled);
    node.driver("b.jar", bytes);
    node.delete("drivers/marker.jar");
    node.untilBundles("acme 1.0.0");
    until(node.deployment()::settled);

    assertThat(node.drivers()).containsExactly(bundle);
    assertThat(bundle.getState()).isEqualTo(Bundle.ACTIVE);
  }

  @Test
  void whatIsMissingIsSaidInWords() throws Exception {
    node.open();
    node.driver(
        "a.jar",
        Jars.driver("a", "1.0.0")
            .alsoImports(
                "foo.bar;version=\"[1.0,2)\",consort.api;version=\"[7,8)\",foo.baz;version=3")
            .bytes());
    node.driver(
        "b.jar",
        Jars.driver("b", "1.0.0")
            .header("Require-Capability", "osgi.ee;filter:=\"(&(osgi.ee=JavaSE)(version=99))\"")
            .bytes());
    node.driver(
        "c.jar",
        Jars.driver("c", "1.0.0")
            .header("Require-Bundle", "acme.base;bundle-version=\"(1,2]\"")
            .alsoImports("nobody.has.this;resolution:=optional")
            .bytes());
    node.driver(
        "d.jar",
        Jars.driver("d", "1.0.0")
            .header(
                "Require-Capability",
                "osgi.extender;filter:=\"(&(osgi.extender=osgi.component)(version>=1.5.0)(!(version>=2.0.0)))\"")
            .bytes());

    node.untilFindings(
        "drivers/a.jar: needs package foo.bar [1.0.0,2.0.0), which nothing provides;"
            + " needs package consort.api [7.0.0,8.0.0), which is provided in version 1.0.0 only;"
            + " needs package foo.baz 3.0.0 or higher, which nothing provides",
        "drivers/b.jar: needs Java 99; this is Java " + Runtime.version().feature(),
        "drivers/c.jar: needs bundle acme.base (1.0.0,2.0.0], which is not installed",
        "drivers/d.jar: needs osgi.extender osgi.component [1.5.0,2.0.0), which nothing provides");
    node.untilBundles();
  }

  @Test
  void aJarThatDidNotResolveIsTriedAgainWhenWhatItNeedsComes() throws Exception {
    node.driver("acme.jar", Jars.driver("acme", "1.0.0").alsoImports("foo.bar").bytes());
    node.open();
    assertThat(node.findings()).hasSize(1);

    Bundle library =
        node.framework
            .getBundleContext()
            .installBundle(
                "library",
                new ByteArrayInputStream(
                    Jars.driver("library", "1.0.0").header("Export-Package", "foo.bar").bytes()));
    library.start();

    node.untilBundles("acme 1.0.0");
    node.untilFindings();
  }

  @Test
  void whatIsNoDriverIsReportedAndRemoved() throws Exception {
    byte[] good = acme("1.0.0");
    node.driver("empty.jar", new byte[0]);
    node.driver("fragment.jar", Jars.driver("f", "1").header("Fragment-Host", "x").bytes());
    node.driver("header.jar", Jars.driver("x", "1.x.y").bytes());
    node.driver("library.jar", Jars.driver("library", "1").header("Test-Driver", null).bytes());
    node.driver("plain.jar", Jars.driver("x", "1").header("Bundle-SymbolicName", null).bytes());
    node.driver("text.jar", "hello".getBytes());
    node.driver("throws.jar", Jars.driver("x", "1").header("Test-Does", "throw").bytes());
    node.driver("truncated.jar", Arrays.copyOf(good, good.length - 100));
    node.open();

    node.untilFindings(
        "drivers/empty.jar: the file is empty",
        "drivers/fragment.jar: this is a fragment of another bundle; a driver is a bundle of its own",
        "drivers/header.jar: its Bundle-Version '1.x.y' is no version; write one like 1.2.3",
        "drivers/library.jar: has no driver factory: no service DriverFactory with the property"
            + " consort.driver appeared",
        "drivers/plain.jar: this is no OSGi bundle: its manifest has no Bundle-SymbolicName; build it with bnd",
        "drivers/text.jar: this is no jar",
        "drivers/throws.jar: its activator failed: java.lang.IllegalStateException: no licence",
        "drivers/truncated.jar: the jar is truncated: its end is missing; copy it again");
    node.untilBundles();
  }

  @Test
  void aDamagedEntryIsFoundBeforeAnythingIsInstalled() throws Exception {
    byte[] bytes = acme("1.0.0");
    for (int i = bytes.length / 2; i < bytes.length / 2 + 20; i++) {
      bytes[i] ^= 0x55;
    }
    node.driver("acme.jar", bytes);
    node.open();

    until(() -> node.findings().size() == 1);
    assertThat(node.findings().get(0))
        .startsWith("drivers/acme.jar: the jar is damaged")
        .endsWith("copy it again");
    assertThat(node.bundles()).isEmpty();
  }

  @Test
  void aJarThatExportsPackagesRunsWithANote() throws Exception {
    node.driver("acme.jar", Jars.driver("acme", "1").header("Export-Package", "a.b").bytes());
    node.open();

    node.untilFindings(
        "drivers/acme.jar: it exports packages (a.b); a driver exports none, lest others come to"
            + " depend on it");
    assertThat(node.bundles()).containsExactly("acme 1.0.0");
  }

  @Test
  void aBrokenUpdateLeavesTheFormerVersionRunning() throws Exception {
    node.driver("acme.jar", acme("1.0.0"));
    node.instrument("dmm1.yaml", DMM);
    node.open();
    Bundle former = node.drivers().findFirst().orElseThrow();
    byte[] next = acme("2.0.0");

    node.driver("acme.jar", Arrays.copyOf(next, next.length / 2));
    node.untilFindings(
        "drivers/acme.jar: the jar is truncated: its end is missing; copy it again;"
            + " version 1.0.0 goes on");
    node.driver("acme.jar", Jars.driver("acme", "2.0.0").alsoImports("foo.bar").bytes());
    node.untilFindings(
        "drivers/acme.jar: needs package foo.bar, which nothing provides; version 1.0.0 goes on");
    node.driver("acme.jar", Jars.driver("acme", "2.0.0").header("Test-Driver", null).bytes());
    node.untilFindings(
        "drivers/acme.jar: has no driver factory: no service DriverFactory with the property"
            + " consort.driver appeared; version 1.0.0 goes on");

    node.untilBundles("acme 1.0.0");
    assertThat(former.getState()).isEqualTo(Bundle.ACTIVE);
    assertThat(node.coordinator.version("DMM1")).isEqualTo("1.0.0");

    node.driver("acme.jar", next);
    node.untilBundles("acme 2.0.0");
    node.untilFindings();
  }

  @Test
  void anActivatorThatHangsDelaysNobodyElse() throws Exception {
    CountDownLatch latch = new CountDownLatch(1);
    System.getProperties().put(TestDriver.LATCH, latch);
    try {
      node.open();
      node.driver("a.jar", Jars.driver("a", "1").header("Test-Does", "hang").bytes());
      node.driver("b.jar", acme("1.0.0"));
      node.instrument("dmm1.yaml", DMM);

      until(() -> node.coordinator.version("DMM1").equals("1.0.0"));
      node.untilFindings("drivers/a.jar: it did not start in time: its activator hangs");

      node.delete("drivers/a.jar");
      node.untilFindings();
    } finally {
      latch.countDown();
      System.getProperties().remove(TestDriver.LATCH);
    }
    node.untilBundles("acme 1.0.0");
  }

  @Test
  void aNewLifeOfTheComponentFindsWhatRunsAndRemovesWhatNoFileStandsFor() throws Exception {
    node.driver("acme.jar", acme("1.0.0"));
    node.driver("other.jar", Jars.driver("other", "1.0.0").bytes());
    node.instrument("dmm1.yaml", DMM);
    node.open();
    List<Bundle> before = node.drivers().toList();
    node.closeDeployment();
    assertThat(node.bundles()).containsExactly("acme 1.0.0", "other 1.0.0");
    node.delete("drivers/other.jar");

    node.open();

    node.untilBundles("acme 1.0.0");
    assertThat(before).containsAll(node.drivers().toList());
  }

  @Test
  void whatAManifestSaysAtLengthIsNotAllSaid() throws Exception {
    String version = "v".repeat(100_000);
    node.driver("acme.jar", Jars.driver("acme", "1.0.0").header("Bundle-Version", version).bytes());
    node.open();

    until(() -> !node.findings().isEmpty());
    assertThat(node.findings().get(0)).startsWith("drivers/acme.jar: its Bundle-Version 'vvv");
    assertThat(node.findings().get(0)).hasSizeLessThan(1100);
  }

  private Path elsewhere(String name, byte[] bytes) throws Exception {
    return Files.write(Files.createDirectories(node.home.resolve("tmp")).resolve(name), bytes);
  }

  @Test
  void swapCopiesTheJarAndTellsWhatBecameOfIt() throws Exception {
    node.driver("acme.jar", acme("1.0.0"));
    node.instrument("dmm1.yaml", DMM);
    node.open();

    DriverFile taken = node.deployment().swap(elsewhere("acme.jar", acme("2.0.0")), null);

    assertThat(taken.file()).as("the way back is left alone").isEqualTo("drivers/acme-2.0.0.jar");
    until(() -> node.deployment().driver(taken.digest()).filter(DriverFile::ready).isPresent());
    assertThat(node.coordinator.version("DMM1")).isEqualTo("2.0.0");
    assertThat(node.home.resolve("drivers/acme.jar")).exists();
  }

  @Test
  void swapRefusesWhatIsNoDriverOrLowerThanWhatIsThere() throws Exception {
    node.driver("acme.jar", acme("2.0.0"));
    node.open();
    FolderDeployment deployment = node.deployment();

    assertThatThrownBy(() -> deployment.swap(elsewhere("old.jar", acme("1.0.0")), null))
        .hasMessage(
            "drivers/acme.jar has version 2.0.0 of acme, which is higher than 1.0.0: remove that"
                + " file, and the instruments go back by themselves");
    node.driver("older.jar", acme("1.9.0"));
    node.untilBundles("acme 1.9.0", "acme 2.0.0");
    assertThatThrownBy(() -> deployment.swap(node.home.resolve("drivers/older.jar"), null))
        .hasMessageContaining("higher than 1.9.0");
    byte[] jar = acme("3.0.0");
    assertThatThrownBy(
            () -> deployment.swap(elsewhere("half.jar", Arrays.copyOf(jar, jar.length / 2)), null))
        .hasMessageContaining("the jar is truncated");
    assertThatThrownBy(() -> deployment.swap(node.home.resolve("absent.jar"), null))
        .hasMessageContaining("there is no file");
    assertThat(node.home.resolve("drivers")).isDirectoryNotContaining("regex:.*(old|half)\\.jar");
  }

  @Test
  void aCanaryIsForTheInstrumentsOfTheFileBesideItAlsoAfterARestart() throws Exception {
    node.driver("acme.jar", acme("1.0.0"));
    node.instrument("dmm1.yaml", DMM);
    node.instrument("dmm2.yaml", "name: DMM2\ndriver: acme\n");
    node.open();
    Path jar = elsewhere("acme.jar", acme("2.0.0"));

    node.deployment().swap(jar, "DMM1");

    until(() -> node.coordinator.version("DMM1").equals("2.0.0"));
    assertThat(node.coordinator.version("DMM2")).isEqualTo("1.0.0");
    assertThat(node.home.resolve("drivers/acme-2.0.0.jar.only")).hasContent("DMM1");
    node.untilFindings(
        "drivers/acme-2.0.0.jar: only for DMM1, as drivers/acme-2.0.0.jar.only says");

    node.closeDeployment();
    node.coordinator.offers().keySet().forEach(id -> node.coordinator.offer(id, null));
    node.drivers().forEach(DriverDeploymentTest::uninstall);
    node.open();
    until(() -> node.coordinator.version("DMM1").equals("2.0.0"));
    assertThat(node.coordinator.version("DMM2")).isEqualTo("1.0.0");

    DriverFile all = node.deployment().swap(jar, null);
    until(() -> node.deployment().driver(all.digest()).filter(DriverFile::ready).isPresent());
    assertThat(node.coordinator.version("DMM2"))
        .as("what is told is ready is for all")
        .isEqualTo("2.0.0");
    assertThat(node.home.resolve("drivers/acme-2.0.0.jar.only")).doesNotExist();
    node.untilFindings();
  }

  private static void uninstall(Bundle bundle) {
    try {
      bundle.uninstall();
    } catch (BundleException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void anUpdateByHandThatDoesNotStartGivesWayToTheAcceptedBytes() throws Exception {
    node.driver("acme.jar", acme("1.0.0"));
    node.instrument("dmm1.yaml", DMM);
    node.open();
    Bundle bundle = node.drivers().findFirst().orElseThrow();

    bundle.update(new ByteArrayInputStream(acme("1.5.0")));
    node.untilFindings(
        "drivers/acme.jar: its bundle was updated by hand to version 1.5.0; the file counts again"
            + " after a restart");
    byte[] broken = Jars.driver("acme", "3.0.0").header("Test-Does", "throw").bytes();
    assertThatThrownBy(() -> bundle.update(new ByteArrayInputStream(broken)))
        .isInstanceOf(BundleException.class);

    until(() -> node.coordinator.version("DMM1").equals("1.0.0"));
    node.untilFindings(
        "drivers/acme.jar: its bundle was updated by hand, and that was taken back: it does not"
            + " start");
  }
}
