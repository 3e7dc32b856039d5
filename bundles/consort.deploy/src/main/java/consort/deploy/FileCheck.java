// SPDX-License-Identifier: Apache-2.0
package consort.deploy;

import consort.api.deploy.DriverFormat;
import consort.api.deploy.Finding;
import consort.yaml.Problems;
import consort.yaml.YamlReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Checks files as a node would when they are dropped, without one: the command line's part of this
 * bundle. Threadsafe.
 */
public final class FileCheck {

  private final DriverFormat definitions;
  private final InstrumentFile instruments = new InstrumentFile();

  /**
   * A check.
   *
   * @param definitions who reads API definitions
   */
  public FileCheck(DriverFormat definitions) {
    this.definitions = definitions;
  }

  /**
   * Errors and notes of an instrument file, and errors of the API definition it refers to.
   *
   * @param file as findings name it
   */
  public List<Finding> config(Path file) {
    Problems problems = new Problems(file.toString());
    byte[] bytes = bytes(file, problems);
    if (bytes == null) {
      return problems.all();
    }
    InstrumentFile.Reading reading = instruments.read(file.toString(), file, bytes);
    List<Finding> all = new ArrayList<>(reading.findings());
    if (reading.definition() != null) {
      api(reading.definition()).stream().filter(Finding::error).forEach(all::add);
    }
    return List.copyOf(all);
  }

  /**
   * Errors and notes of an API definition, its examples included.
   *
   * @param file as findings name it
   */
  public List<Finding> api(Path file) {
    Problems problems = new Problems(file.toString());
    byte[] bytes = bytes(file, problems);
    return bytes == null
        ? problems.all()
        : definitions.convert(file.toString(), bytes, null).findings();
  }

  /**
   * What is in a file.
   *
   * @param problems gets the reason when it cannot be read
   * @return null when it cannot be read, or is longer than any file of ours
   */
  public static byte[] bytes(Path file, Problems problems) {
    try {
      if (Files.isDirectory(file)) {
        problems.error("this is a folder");
      } else if (Files.exists(file) && !Files.isRegularFile(file)) {
        problems.error(Folder.NO_FILE);
      } else if (Files.size(file) > YamlReader.LONGEST) {
        problems.error("the file has " + Files.size(file) + " bytes; at most 1 MiB is read");
      } else {
        return Files.readAllBytes(file);
      }
    } catch (NoSuchFileException e) {
      problems.error("there is no such file");
    } catch (IOException e) {
      problems.error("the file cannot be read: " + e.getMessage());
    }
    return null;
  }
}
