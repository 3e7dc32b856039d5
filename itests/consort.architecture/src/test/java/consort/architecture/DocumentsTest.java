// SPDX-License-Identifier: Apache-2.0
package consort.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What can be checked about the documents without reading them. */
final class DocumentsTest {

  private static final Path ROOT = Path.of(System.getProperty("consort.root"));
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)#\\s]+)(#[^)\\s]*)?\\)");

  @Test
  void linksLeadSomewhere() throws IOException {
    List<String> broken = new ArrayList<>();
    for (Path file : documents()) {
      for (MatchResult link : LINK.matcher(Files.readString(file)).results().toList()) {
        String target = link.group(1);
        if (!target.contains(":") && !Files.exists(file.resolveSibling(target))) {
          broken.add(ROOT.relativize(file) + " links to " + target);
        }
      }
    }
    assertThat(broken).isEmpty();
  }

  @Test
  void everyModuleHasAReadme() throws IOException {
    List<String> without = new ArrayList<>();
    try (Stream<Path> files = Files.walk(ROOT, 3)) {
      files
          .filter(file -> file.endsWith("pom.xml") && !file.toString().contains("/target/"))
          .filter(file -> !Files.exists(file.resolveSibling("README.md")))
          .forEach(file -> without.add(ROOT.relativize(file).toString()));
    }
    assertThat(without).isEmpty();
  }

  @Test
  void decisionsHaveNumbersOfTheirOwn() throws IOException {
    try (Stream<Path> files = Files.list(ROOT.resolve("docs/decisions"))) {
      assertThat(files.map(file -> file.getFileName().toString()).toList())
          .allMatch(name -> name.matches("\\d{4}-[a-z0-9-]+\\.md"))
          .extracting(name -> name.substring(0, 4))
          .doesNotHaveDuplicates();
    }
  }

  private static List<Path> documents() throws IOException {
    try (Stream<Path> files = Files.walk(ROOT)) {
      return files
          .filter(file -> file.toString().endsWith(".md") && !file.toString().contains("/target/"))
          .sorted()
          .toList();
    }
  }
}
