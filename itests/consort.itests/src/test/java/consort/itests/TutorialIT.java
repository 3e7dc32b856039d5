// SPDX-License-Identifier: Apache-2.0
package consort.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The tutorial that makes an instrument of a manual's page, typed as it stands. */
final class TutorialIT {

  private static final Path TUTORIAL = Path.of("../../docs/tutorials");
  private static final String NAME = "from-a-manual-page-to-an-instrument";
  private static NodeProcess node;

  @BeforeAll
  static void start() throws Exception {
    node = NodeProcess.start("tutorial");
    try (Stream<Path> files = Files.list(TUTORIAL.resolve(NAME))) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Files.copy(file, node.home().resolve(file.getFileName()));
      }
    }
  }

  @AfterAll
  static void end() {
    node.close();
  }

  @Test
  void printsWhatItSays() throws Exception {
    List<Transcript.Entry> entries = Transcript.of(TUTORIAL.resolve(NAME + ".md"));
    assertThat(entries).hasSizeGreaterThan(10);
    for (Transcript.Entry entry : entries) {
      String[] printed = new String[1];
      node.await(
          entry.command() + " prints " + entry.printed(),
          () -> {
            printed[0] = HowToIT.run(node, entry.command());
            return Transcript.plain(printed[0]).equals(Transcript.plain(entry.printed()));
          });
    }
  }

  @Test
  void theDefinitionsOfTheDistributionAreInAFreshHome() {
    assertThat(node.home().resolve("definitions")).isDirectoryContaining("glob:**.yaml");
  }
}
