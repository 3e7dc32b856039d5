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

  /** A new home of a node, whose log is as users have it. */
  static Path home(String name, String settings) throws IOException {
    Path home = home(name);
    Files.createDirectories(home.resolve("instruments"));
    Files.createDirectories(home.resolve("etc"));
    Files.copy(distribution().resolve("lib/home/etc/logback.xml"), home.resolve("etc/logback.xml"));
    Files.writeString(home.resolve("etc/consort.yaml"), settings);
    return home;
  }

  /** Puts the file of an instrument that others may use into a home. */
  static void export(Path home, String name, String driver) throws IOException {
    Files.writeString(
        home.resolve("instruments").resolve(name + ".yaml"),
        "name: %s\ndriver: %s\nconnection: {type: Simulated}\nexport: true\n"
            .formatted(name, driver));
  }
}
