// SPDX-License-Identifier: Apache-2.0
package consort.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * The folders are the only truth: what lies in them is there again after a restart, and nothing
 * else is.
 */
final class RestartIT {

  private static final Pattern READY = Pattern.compile("(?m)^(\\w+) +READY ");

  @Test
  void findsTheSameInstrumentsAgain() throws Exception {
    Path home;
    try (NodeProcess node = NodeProcess.start("restart")) {
      home = node.home();
      drop(home, "DMM1");
      drop(home, "DMM2");
      Path elsewhere = Files.writeString(home.resolve("DMM3.yaml"), text("DMM3"));
      assertThat(node.consort("start", elsewhere.toString()).out())
          .isEqualTo("Started instrument: DMM3\n");
      node.await("all are there", () -> ready(node).equals(List.of("DMM1", "DMM2", "DMM3")));
      node.terminate();
    }

    try (NodeProcess node = NodeProcess.start(home)) {
      node.await("two are there again", () -> ready(node).equals(List.of("DMM1", "DMM2")));
      assertThat(node.consort("call", "DMM1.measure_voltage").code()).isZero();
    }
  }

  private static void drop(Path home, String name) throws IOException {
    Files.writeString(home.resolve("instruments").resolve(name + ".yaml"), text(name));
  }

  private static String text(String name) {
    return """
        name: %s
        driver: simulated.multimeter
        connection: {type: Simulated}
        settings: {voltage: 3.3}
        """
        .formatted(name);
  }

  private static List<String> ready(NodeProcess node) {
    try {
      return READY
          .matcher(node.consort("list").out())
          .results()
          .map(line -> line.group(1))
          .toList();
    } catch (IOException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }
}
