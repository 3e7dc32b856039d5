// SPDX-License-Identifier: Apache-2.0
package consort.deploy;

import consort.api.ErrorCode;
import consort.api.Refused;
import consort.api.deploy.DriverFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * Puts a jar into {@code drivers/} as a careful person would: all at once, the way back left where
 * it is, and with a file beside it that says for whom it is.
 */
final class DriverDrop {

  private final Path folder;
  private final Function<Path, String> names;

  DriverDrop(Path folder, Function<Path, String> names) {
    this.folder = folder;
    this.names = names;
  }

  /**
   * Takes a jar in.
   *
   * @param only the instrument that alone gets it, beside those that have it already; null for all
   */
  DriverFile take(Path file, String only) {
    if (file.toString().endsWith(".yaml") || file.toString().endsWith(".yml")) {
      throw new Refused(
          ErrorCode.BAD_REQUEST,
          file + ": an API definition is taken into use by copying it into drivers/");
    }
    try {
      byte[] bytes = Files.readAllBytes(file);
      Jar jar = Jar.of(bytes);
      Map<Path, Jar> present = present();
      Path target = same(present, jar);
      boolean absent = target == null;
      refuseLower(present, jar);
      if (absent) {
        target = target(file, jar, present);
      }
      Path limit = folder.resolve(target.getFileName() + Drivers.ONLY);
      if (only != null) {
        limit(limit, absent, only);
      }
      if (absent) {
        write(target, bytes);
      }
      if (only == null) {
        Files.deleteIfExists(limit);
      }
      return new DriverFile(
          names.apply(target), jar.digest(), jar.version().toString(), -1, false, "");
    } catch (NoSuchFileException e) {
      throw new Refused(ErrorCode.BAD_REQUEST, "there is no file " + e.getFile());
    } catch (IOException e) {
      throw new Refused(ErrorCode.BAD_REQUEST, file + " cannot be taken: " + e.getMessage(), e);
    } catch (Jar.Unfit e) {
      throw new Refused(ErrorCode.BAD_REQUEST, file + ": " + e.getMessage());
    }
  }

  /** Who may use a jar of the folder: the file beside it says so; empty for all. */
  Optional<Set<String>> limit(DriverFile file) {
    Path limit = folder.resolveSibling(file.file() + Drivers.ONLY);
    try {
      return Optional.of(Drivers.names(Files.readAllBytes(limit)));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private Map<Path, Jar> present() throws IOException {
    Map<Path, Jar> jars = new TreeMap<>();
    try (DirectoryStream<Path> files =
        Files.newDirectoryStream(
            folder,
            f -> f.toString().endsWith(".jar") && Folder.ordinary(f.getFileName().toString()))) {
      for (Path file : files) {
        try {
          jars.put(file, Jar.of(Files.readAllBytes(file)));
        } catch (Jar.Unfit e) {
          // it stands for nothing
        }
      }
    }
    return jars;
  }

  private static Path same(Map<Path, Jar> present, Jar jar) {
    return present.entrySet().stream()
        .filter(e -> e.getValue().digest().equals(jar.digest()))
        .map(Map.Entry::getKey)
        .findFirst()
        .orElse(null);
  }

  private void refuseLower(Map<Path, Jar> present, Jar jar) {
    present.forEach(
        (file, other) -> {
          if (other.name().equals(jar.name()) && other.version().compareTo(jar.version()) > 0) {
            throw new Refused(
                ErrorCode.BAD_REQUEST,
                names.apply(file)
                    + " has version "
                    + other.version()
                    + " of "
                    + jar.name()
                    + ", which is higher than "
                    + jar.version()
                    + ": remove that file, and the instruments go back by themselves");
          }
        });
  }

  /** Under its own name, unless a file of that name is the way back. */
  private Path target(Path file, Jar jar, Map<Path, Jar> present) {
    String name = file.getFileName().toString();
    if (!name.endsWith(".jar") || !Folder.ordinary(name)) {
      name = jar.name() + ".jar";
    }
    Path own = folder.resolve(name);
    Jar there = present.get(own);
    if (there == null
        || (there.name().equals(jar.name()) && there.version().equals(jar.version()))) {
      return own;
    }
    String base = name.substring(0, name.length() - ".jar".length());
    Path versioned = folder.resolve(base + "-" + jar.version() + ".jar");
    return Files.exists(versioned)
        ? folder.resolve(base + "-" + jar.version() + "-" + jar.digest().substring(0, 8) + ".jar")
        : versioned;
  }

  private void limit(Path limit, boolean anew, String only) throws IOException {
    Set<String> all = new TreeSet<>();
    if (!anew && Files.exists(limit)) {
      all.addAll(Drivers.names(Files.readAllBytes(limit)));
    }
    all.add(only);
    write(limit, (String.join("\n", all) + "\n").getBytes(StandardCharsets.UTF_8));
  }

  private void write(Path target, byte[] bytes) throws IOException {
    Path part = Files.createTempFile(folder, ".", ".part");
    try {
      Files.write(part, bytes);
      Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(part);
    }
  }
}
