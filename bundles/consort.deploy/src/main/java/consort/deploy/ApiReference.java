// SPDX-License-Identifier: Apache-2.0
package consort.deploy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/**
 * The API definition an instrument file points to: absolute, relative to the file, or else to the
 * working folder.
 *
 * @param path the definition, canonical; null when there is none
 * @param tried the first place looked at; null when that is no path
 */
record ApiReference(Path path, Path tried) {

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
        if (Files.isRegularFile(candidate)) {
          return new ApiReference(candidate.toRealPath(), tried);
        }
      }
      return new ApiReference(null, tried);
    } catch (InvalidPathException | IOException e) {
      return new ApiReference(null, file.toAbsolutePath().resolveSibling("?"));
    }
  }
}
