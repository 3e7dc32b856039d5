// SPDX-License-Identifier: Apache-2.0
package consort.commands;

import consort.api.deploy.DriverFormat;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Looks into the files of a folder for drivers, without running anything of them. */
final class DriverScan {

  /** A driver in a file. */
  record Found(String driver, Path path, String name, String version, String description) {}

  static final int MOST_FILES = 1000;
  private static final int LONGEST_DESCRIPTOR = 64 << 10;
  private static final int LONGEST_DEFINITION = 4 << 20;

  /** What a factory's component is annotated with, in the descriptor that the build makes of it. */
  private static final Pattern DRIVER =
      Pattern.compile("<property\\s+name=\"consort\\.driver\"[^>]*\\svalue=\"([^\"]+)\"");

  private final Collection<DriverFormat> formats;

  DriverScan(Collection<DriverFormat> formats) {
    this.formats = formats;
  }

  /**
   * The drivers in the files of a folder, not of those below it; what is no driver is left out.
   *
   * @throws IOException when there is no such folder, or there is too much in it
   */
  List<Found> folder(Path folder) throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.list(folder)) {
      files = all.limit(MOST_FILES + 1L).filter(Files::isRegularFile).sorted().toList();
    }
    if (files.size() > MOST_FILES) {
      throw new IOException("has more than " + MOST_FILES + " files");
    }
    List<Found> found = new ArrayList<>();
    for (Path file : files) {
      try {
        found.addAll(file.toString().endsWith(".jar") ? jar(file) : definition(file));
      } catch (IOException | SecurityException e) {
        // Not a driver: whoever wants to use it is told what is wrong with it.
      }
    }
    return found;
  }

  private static List<Found> jar(Path file) throws IOException {
    try (JarFile jar = new JarFile(file.toFile(), false)) {
      Manifest manifest = jar.getManifest();
      if (manifest == null) {
        return List.of();
      }
      Attributes headers = manifest.getMainAttributes();
      List<Found> found = new ArrayList<>();
      for (String component :
          header(headers, "Service-Component").replaceAll("\\s", "").split(",")) {
        JarEntry entry = jar.getJarEntry(component);
        Matcher driver = DRIVER.matcher(entry == null ? "" : text(jar, entry));
        if (driver.find()) {
          found.add(
              new Found(
                  driver.group(1),
                  file,
                  header(headers, "Bundle-SymbolicName").replaceFirst(";.*", ""),
                  header(headers, "Bundle-Version"),
                  header(headers, "Bundle-Description")));
        }
      }
      return found;
    }
  }

  private static String text(JarFile jar, JarEntry entry) throws IOException {
    try (InputStream in = jar.getInputStream(entry)) {
      return new String(in.readNBytes(LONGEST_DESCRIPTOR), StandardCharsets.UTF_8);
    }
  }

  private static String header(Attributes headers, String name) {
    return Objects.toString(headers.getValue(name), "");
  }

  private List<Found> definition(Path file) throws IOException {
    String name = file.getFileName().toString();
    for (DriverFormat format : formats) {
      if (format.reads(name) && Files.size(file) <= LONGEST_DEFINITION) {
        DriverFormat.Converted made = format.convert(name, Files.readAllBytes(file), null);
        if (!made.driver().isEmpty()) {
          return List.of(new Found(made.driver(), file, name, made.version(), ""));
        }
      }
    }
    return List.of();
  }
}
