// SPDX-License-Identifier: Apache-2.0
package consort.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A driver as {@code new-driver} makes it: it builds, and a node takes it. */
@Timeout(180)
final class NewDriverIT {

  @Test
  void aNewDriverBuildsWithoutAChangeAndIsTakenByANode() throws Exception {
    Path parent = Files.createDirectories(Folders.home("new-driver"));
    assertThat(newDriver(parent, "acme.psu")).isZero();
    Path folder = parent.resolve("consort.driver.acme.psu");
    assertThat(folder.resolve("src/main/java/consort/driver/acme/psu/AcmePsu.java"))
        .content()
        .contains("package consort.driver.acme.psu;", "class AcmePsu ", "=acme.psu\"");
    assertThat(newDriver(parent, "acme.psu")).as("it is not overwritten").isEqualTo(1);
    assertThat(newDriver(parent, "Acme-PSU")).isEqualTo(2);

    Path log = parent.resolve("maven.log");
    Process maven =
        new ProcessBuilder(
                Path.of(System.getProperty("maven.home"), "bin/mvn").toString(),
                "-o",
                "-B",
                "-Dmaven.repo.local=" + System.getProperty("maven.repository"),
                "package")
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    assertThat(maven.waitFor(120, TimeUnit.SECONDS)).isTrue();
    assertThat(maven.exitValue()).as(Files.readString(log)).isZero();
    assertThat(log).content().contains("Tests run: 7, Failures: 0");

    try (NodeProcess node = NodeProcess.start(parent.resolve("home"))) {
      Path jar = folder.resolve("target/consort.driver.acme.psu-0.1.0.jar");
      NodeProcess.Result swap = node.consort("swap", jar.toString());
      assertThat(swap.code()).as(swap.err()).isZero();
      assertThat(node.consort("drivers").out()).containsPattern("(?m)^acme\\.psu +0\\.1\\.0 ");
    }
  }

  private static int newDriver(Path folder, String name) throws Exception {
    Process process =
        NodeProcess.command(folder, "new-driver", name)
            .directory(folder.toFile())
            .redirectInput(new File("/dev/null"))
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("new-driver.out").toFile())
            .start();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    return process.exitValue();
  }
}
