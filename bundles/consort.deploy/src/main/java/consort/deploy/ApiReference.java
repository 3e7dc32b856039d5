// SPDX-License-Identifier: Apache-2.0
package consort.deploy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The API definition an instrument file points to: absolute, relative to the file, or else to the
 * working folder.
 *
 * @param path the definition, canonical; null when there is none
 * @param tried the first place looked at; null when that is no path
 */
record ApiReference(Path path, Path tried) {

  /** What the name of a driver begins with that is the definition of this path, and no other. */
  private static final String DRIVER = "definition:";

  /** No system has longer paths. */
  private static final int LONGEST = 4096;

  static ApiReference of(String reference, Path file) {
    String bare = reference.startsWith("file://") ? reference.substring(7) : reference;
    if (bare.matches("/[A-Za-z]:[/\\\\].*")) {
      bare = bare.substring(1);
    }
    if (bare.length() > LONGEST) {
      return new ApiReference(null, file.toAbsolutePath().resolveSibling("?"));
    }
    try {
      Path relative = Path.of(bare);
      Path tried = file.toAbsolutePath().resolveSibling(relative).normalize();
      for (Path candidate : new Path[] {tried, relative.toAbsolutePath()}) {
        if (Files.isRegularFile(candidate) && isPlain(candidate.toRealPath())) {
          return new ApiReference(candidate.toRealPath(), tried);
        }
      }
      return new ApiReference(null, tried);
    } catch (InvalidPathException | IOException e) {
      return new ApiReference(null, file.toAbsolutePath().resolveSibling("?"));
    }
  }

  /** A path becomes part of a driver's name, which is a line. */
  private static boolean isPlain(Path path) {
    return path.toString().chars().noneMatch(Character::isISOControl);
  }

  /** The name of the driver that a definition becomes when it is referred to by its path. */
  static String driver(Path definition) {
    return DRIVER + definition;
  }

  /** The definition that a driver is made of, if it was referred to by its path. */
  static Optional<Path> definition(String driver) {
    return driver.startsWith(DRIVER)
        ? Optional.of(Path.of(driver.substring(DRIVER.length())))
        : Optional.empty();
  }
}
