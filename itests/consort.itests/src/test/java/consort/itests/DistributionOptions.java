// SPDX-License-Identifier: Apache-2.0
package consort.itests;

import static org.ops4j.pax.exam.CoreOptions.bundle;
import static org.ops4j.pax.exam.CoreOptions.frameworkProperty;
import static org.ops4j.pax.exam.CoreOptions.junitBundles;
import static org.ops4j.pax.exam.CoreOptions.systemProperty;
import static org.ops4j.pax.exam.CoreOptions.workingDirectory;

import consort.runtime.Launcher;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.ops4j.pax.exam.Option;

/**
 * The bundles of the assembled distribution, and the framework properties that its launcher sets.
 */
final class DistributionOptions {

  private DistributionOptions() {}

  /** A home is new for each test class, with etc/ as delivered and nothing else in it. */
  static Option[] of(Class<?> test) throws IOException {
    Path home = Folders.home(test.getSimpleName());
    Files.createDirectories(home.resolve("data/logs"));
    Files.createDirectories(home.resolve("drivers"));
    Files.createDirectories(home.resolve("instruments"));
    Path etc = Files.createDirectories(home.resolve("etc"));
    Path dist = Folders.distribution();
    for (String file : List.of("consort.yaml", "logback.xml")) {
      Files.copy(dist.resolve("lib/home/etc").resolve(file), etc.resolve(file));
    }

    List<Option> options = new ArrayList<>();
    Launcher.properties(dist, home, "0")
        .forEach((k, v) -> options.add(frameworkProperty(k).value(v)));
    options.add(systemProperty("consort.home").value(home.toString()));
    options.add(workingDirectory(home.resolve("data/pax").toString()));
    options.add(junitBundles());
    Launcher.jars(dist, home).forEach(jar -> options.add(install(jar)));
    return options.toArray(Option[]::new);
  }

  /** As the launcher does: the prompt's bundle starts only for somebody who sits before it. */
  private static Option install(Path jar) {
    var bundle = bundle(jar.toUri().toString());
    return jar.getFileName().toString().startsWith(Launcher.SHELL) ? bundle.noStart() : bundle;
  }
}
