// SPDX-License-Identifier: Apache-2.0
package consort.declarative;

import static org.assertj.core.api.Assertions.assertThat;

import consort.api.deploy.DriverFormat.Converted;
import consort.api.driver.DriverFactory;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.felix.framework.FrameworkFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.launch.Framework;

/** A definition as a bundle, in a real framework. */
final class DefinitionBundleTest {

  private final DefinitionFormat format = new DefinitionFormat();
  private Framework framework;
  private DefinitionExtender extender;

  @TempDir private Path cache;

  @BeforeEach
  void start() throws BundleException {
    framework =
        new FrameworkFactory()
            .newFramework(
                Map.of(
                    Constants.FRAMEWORK_STORAGE,
                    cache.toString(),
                    Constants.FRAMEWORK_BSNVERSION,
                    "multiple",
                    Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA,
                    "consort.api.driver",
                    Constants.FRAMEWORK_SYSTEMCAPABILITIES_EXTRA,
                    "osgi.extender;osgi.extender=consort.declarative;version:Version=1.0"));
    framework.start();
    extender = new DefinitionExtender(framework.getBundleContext());
  }

  @AfterEach
  void stop() throws Exception {
    extender.close();
    framework.stop();
    framework.waitForStop(10_000);
  }

  private Converted convert(String text, String driver) {
    return format.convert("d.yaml", text.getBytes(StandardCharsets.UTF_8), driver);
  }

  private Bundle install(String location, Converted converted) throws BundleException {
    assertThat(converted.findings()).isEmpty();
    Bundle bundle =
        framework
            .getBundleContext()
            .installBundle(location, new ByteArrayInputStream(converted.jar()));
    bundle.start();
    return bundle;
  }

  private List<ServiceReference<DriverFactory>> factories(String driver) throws Exception {
    return List.copyOf(
        framework
            .getBundleContext()
            .getServiceReferences(
                DriverFactory.class, "(" + DriverFactory.NAME + "=" + driver + ")"));
  }

  @Test
  void readsFilesOfYaml() {
    assertThat(List.of("a.yaml", "b.YML", "c.jar", "yaml"))
        .filteredOn(format::reads)
        .containsExactly("a.yaml", "b.YML");
  }

  @Test
  void theSameBytesGiveTheSameJar() {
    assertThat(convert(Definitions.DMM, null).jar())
        .isEqualTo(convert(Definitions.DMM, null).jar())
        .isNotEqualTo(convert(Definitions.DMM + "# comment", null).jar());
  }

  @Test
  void aDefinitionIsADriverBundleWhileItIsActive() throws Exception {
    Bundle bundle = install("one", convert(Definitions.DMM, null));

    assertThat(bundle.getSymbolicName()).isEqualTo("consort.definition.DMM_API");
    assertThat(bundle.getVersion()).hasToString("1.0.0");
    assertThat(factories("DMM_API"))
        .singleElement()
        .satisfies(
            reference -> {
              assertThat(reference.getBundle()).isEqualTo(bundle);
              assertThat(framework.getBundleContext().getService(reference).settings()).hasSize(1);
            });

    bundle.stop();
    assertThat(factories("DMM_API")).isEmpty();
    bundle.start();
    assertThat(factories("DMM_API")).hasSize(1);
    bundle.uninstall();
    assertThat(factories("DMM_API")).isEmpty();
  }

  @Test
  void twoVersionsAndTwoFilesOfOneIdentifierRunSideBySide() throws Exception {
    install("one", convert(Definitions.DMM, null));
    install("two", convert(Definitions.DMM.replace("\"1.0.0\"", "\"1.1.0\""), null));
    Bundle other = install("three", convert(Definitions.DMM, "/home/me/b.yaml"));

    assertThat(factories("DMM_API")).hasSize(2);
    assertThat(factories("/home/me/b.yaml")).hasSize(1);
    assertThat(other.getSymbolicName()).matches("consort[.]definition[.]b_yaml-[0-9a-f]{16}");
  }

  @Test
  void withoutUsThereAreNoFactories() throws Exception {
    install("one", convert(Definitions.DMM, null));

    extender.close();

    assertThat(factories("DMM_API")).isEmpty();
  }

  @Test
  void aWrongFileGivesFindingsAndNoJar() {
    Converted converted = convert(Definitions.DMM.replace("{level}", "{volts}"), null);

    assertThat(converted.usable()).isFalse();
    assertThat(converted.driver()).isEqualTo("DMM_API");
    assertThat(converted.findings()).isNotEmpty();
    assertThat(convert("", null).usable()).isFalse();
  }

  @Test
  void aBundleWhoseDefinitionIsWrongRegistersNothing() throws Exception {
    byte[] jar = DefinitionBundle.jar("X", "1.0.0", "nonsense".getBytes(StandardCharsets.UTF_8));
    Bundle bundle =
        framework.getBundleContext().installBundle("bad", new ByteArrayInputStream(jar));

    bundle.start();

    assertThat(factories("X")).isEmpty();
  }
}
