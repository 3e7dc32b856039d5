// SPDX-License-Identifier: Apache-2.0
package consort.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The first command of the README. */
final class DemoIT {

  @Test
  void updatesADriverWhileItMeasuresAndLosesNoCall() throws Exception {
    Path home = Folders.home("demo");

    NodeProcess.Result demo = NodeProcess.consort(home, "demo");

    assertThat(demo.err()).isEmpty();
    assertThat(demo.out()).contains("0.1.0 -> 0.2.0").contains("No call failed");
    assertThat(demo.code()).isZero();
    assertThat(home.resolve("data/run/node.json")).doesNotExist();
  }

  @Test
  void wantsAFreshHome() throws Exception {
    Path home = Folders.home("used");
    assertThat(home.resolve("drivers").toFile().mkdirs()).isTrue();

    NodeProcess.Result demo = NodeProcess.consort(home, "demo");

    assertThat(demo.err()).contains("the demo wants a fresh home");
    assertThat(demo.code()).isEqualTo(2);
  }
}
