// SPDX-License-Identifier: Apache-2.0
package consort.itests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** Where the distribution lies, and where tests may write. */
final class Folders {

  private Folders() {}

  static Path distribution() {
    return Path.of(System.getProperty("consort.dist"));
  }

  /** A folder that does not exist yet; what an earlier run left under this name is gone. */
  static Path home(String name) throws IOException {
    Path home = Path.of(System.getProperty("itests.folder")).resolve(name);
    if (Files.exists(home)) {
      try (Stream<Path> files = Files.walk(home)) {
        for (Path file : (Iterable<Path>) files.sorted(Comparator.reverseOrder())::iterator) {
          Files.delete(file);
        }
      }
    }
    return home;
  }
}
