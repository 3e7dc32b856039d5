// SPDX-License-Identifier: Apache-2.0
package consort.runtime;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import javax.lang.model.SourceVersion;

/** The verb {@code new-driver NAME}: a copy of the driver template under a name of its own. */
public final class NewDriver {

  private static final String BUNDLE = "consort.driver.";

  private final Path template;
  private final Path dist;

  NewDriver(Path dist) {
    this.dist = dist;
    this.template = dist.resolve("lib/template");
  }

  /** Makes the folder {@code consort.driver.NAME} in the working directory. */
  public static void main(String[] args) {
    try {
      Options options = Options.parse(args);
      if (options.words().size() != 2) {
        throw new Options.Wrong("new-driver NAME: one name, such as acme.psu");
      }
      new NewDriver(options.dist())
          .make(options.words().get(1), Path.of("").toAbsolutePath(), System.out);
    } catch (Options.Wrong wrong) {
      System.err.println("consort: " + wrong.getMessage());
      System.exit(2);
    } catch (IOException e) {
      System.err.println("consort: " + Home.said(e));
      System.exit(1);
    }
  }

  /** Makes it, and says what to do next. */
  void make(String name, Path parent, PrintStream out) throws IOException, Options.Wrong {
    // SourceVersion knows the words that no package can have.
    if (!name.matches("[a-z][a-z0-9]*(\\.[a-z][a-z0-9]*)*")
        || !SourceVersion.isName(BUNDLE + name)) {
      throw new Options.Wrong(
          "'"
              + name
              + "' is no name of a driver: small letters and digits, parts with points between"
              + " them, such as acme.psu");
    }
    Path folder = parent.resolve(BUNDLE + name);
    if (Files.exists(folder)) {
      throw new IOException(folder + " is there already");
    }
    try (Stream<Path> files = Files.walk(template)) {
      for (Path file : (Iterable<Path>) files.filter(NewDriver::isText)::iterator) {
        Path target = folder.resolve(renamed(template.relativize(file).toString(), name));
        Files.createDirectories(target.getParent());
        Files.writeString(target, renamed(Files.readString(file), name));
      }
    }
    out.printf(
        "Made %s: a driver, its test, and how to build them.%n"
            + "  cd %s && mvn package%n"
            + "  consort swap target/%s-0.1.0.jar%n",
        folder, folder.getFileName(), folder.getFileName());
  }

  private static boolean isText(Path file) {
    return Files.isRegularFile(file) && !file.toString().endsWith(".jar");
  }

  private String renamed(String text, String name) {
    return text.replace("@dist@", dist.toString().replace("&", "&amp;").replace("<", "&lt;"))
        .replace(BUNDLE + "template", BUNDLE + name)
        .replace("consort/driver/template", "consort/driver/" + name.replace('.', '/'))
        .replace("ExamplePsu", type(name))
        .replace("example.psu", name);
  }

  /** {@code acme.psu} is made by an {@code AcmePsu}. */
  private static String type(String name) {
    StringBuilder type = new StringBuilder();
    for (String part : List.of(name.split("\\."))) {
      type.append(part.substring(0, 1).toUpperCase(Locale.ROOT)).append(part.substring(1));
    }
    return type.toString();
  }
}
