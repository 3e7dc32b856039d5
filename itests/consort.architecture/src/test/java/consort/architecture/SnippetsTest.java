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
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Code in the documents is code of the build: a block after {@code <!-- from PATH -->} stands in
 * that file, line for line; only how far it is indented is free.
 */
final class SnippetsTest {

  private static final Path ROOT = Path.of(System.getProperty("consort.root"));
  private static final Pattern SNIPPET =
      Pattern.compile("<!-- from (\\S+) -->\\s*\\R```\\w*\\R(.*?)\\R```", Pattern.DOTALL);
  private static final Pattern MARK = Pattern.compile("<!-- from ");

  @Test
  void snippetsAreWhatTheFilesSay() throws IOException {
    List<String> different = new ArrayList<>();
    for (Path document : documents()) {
      String text = Files.readString(document);
      List<MatchResult> snippets = SNIPPET.matcher(text).results().toList();
      assertThat(MARK.matcher(text).results().count())
          .as("every mark in %s has a block behind it", ROOT.relativize(document))
          .isEqualTo(snippets.size());
      for (MatchResult snippet : snippets) {
        Path file = ROOT.resolve(snippet.group(1));
        if (!Files.exists(file)) {
          different.add(ROOT.relativize(document) + " names " + snippet.group(1));
        } else if (!bare(Files.readString(file)).contains(bare(snippet.group(2)))) {
          different.add(
              ROOT.relativize(document)
                  + " says otherwise than "
                  + snippet.group(1)
                  + ":\n"
                  + snippet.group(2));
        }
      }
    }
    assertThat(different).isEmpty();
  }

  /** Whole lines without indentation. */
  private static String bare(String text) {
    return text.lines().map(String::strip).collect(Collectors.joining("\n", "\n", "\n"));
  }

  private static List<Path> documents() throws IOException {
    try (Stream<Path> files = Files.walk(ROOT.resolve("docs"))) {
      return Stream.concat(
              Stream.of(ROOT.resolve("README.md")),
              files.filter(file -> file.toString().endsWith(".md")))
          .sorted()
          .toList();
    }
  }
}
