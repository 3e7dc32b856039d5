// SPDX-License-Identifier: Apache-2.0
package consort.script;

import consort.api.ErrorCode;
import consort.api.Refused;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The files of a script: itself, and the libraries beside it and in {@code scripts/}. */
final class Library {

  static final int LONGEST = 1 << 20;

  private final Path file;
  private final List<Path> folders;

  /**
   * Makes the library of a script.
   *
   * @param scripts the folder of the node's libraries
   */
  Library(Path file, Path scripts) {
    this.file = file.toAbsolutePath().normalize();
    this.folders = List.of(this.file.getParent(), scripts.toAbsolutePath().normalize());
  }

  /** The name of the script. */
  String script() {
    return file.getFileName().toString();
  }

  /**
   * The script itself.
   *
   * @throws Refused when it cannot be read
   */
  Sandbox.Source source() {
    return read(file, script());
  }

  /** A library by the name that {@code require} has; null when there is none. */
  Sandbox.Source find(String module) {
    String name = module.replace('.', '/') + ".lua";
    for (Path folder : folders) {
      Path found = folder.resolve(name);
      try {
        // a symbolic link leads nowhere else
        if (Files.isRegularFile(found) && found.toRealPath().startsWith(folder.toRealPath())) {
          return read(found, name);
        }
      } catch (IOException e) {
        // gone meanwhile
      }
    }
    return null;
  }

  private static Sandbox.Source read(Path path, String name) {
    if (!Files.isRegularFile(path)) {
      throw new Refused(ErrorCode.BAD_REQUEST, "there is no script " + path);
    }
    try (InputStream in = Files.newInputStream(path)) {
      byte[] text = in.readNBytes(LONGEST + 1);
      if (text.length > LONGEST) {
        throw new Refused(ErrorCode.BAD_REQUEST, path + " is longer than 1 MiB: no script");
      }
      if (text.length > 0 && text[0] == 27) {
        throw new Refused(ErrorCode.BAD_REQUEST, path + " is compiled Lua; give its source");
      }
      boolean mark =
          text.length > 2
              && text[0] == (byte) 0xef
              && text[1] == (byte) 0xbb
              && text[2] == (byte) 0xbf;
      return new Sandbox.Source(
          name, mark ? java.util.Arrays.copyOfRange(text, 3, text.length) : text);
    } catch (IOException e) {
      throw new Refused(ErrorCode.BAD_REQUEST, path + " cannot be read: " + e.getMessage(), e);
    }
  }
}
