// SPDX-License-Identifier: Apache-2.0
package consort.architecture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What the manifests of the built bundles say. */
final class BundlesTest {

  private static final Path ROOT = Path.of(System.getProperty("consort.root"));
  private static final Pattern EXPORT =
      Pattern.compile("(consort[\\w.]*);[^,]*?version=\"([\\d.]+)\"");

  /** The packages of libraries inside bundles. */
  private static final Map<String, List<String>> EMBEDDED =
      Map.of(
          "consort.script",
          List.of("org.luaj.vm2"),
          "consort.discovery.zookeeper",
          List.of("io.netty", "org.apache.curator", "org.apache.jute", "org.apache.zookeeper"));

  /** Of each bundle, by symbolic name. */
  private static final SortedMap<String, Attributes> MANIFESTS = new TreeMap<>();

  private static final SortedMap<String, URL> PLACES = new TreeMap<>();

  @BeforeAll
  static void read() throws IOException {
    for (URL url :
        Collections.list(BundlesTest.class.getClassLoader().getResources(JarFile.MANIFEST_NAME))) {
      try (InputStream in = url.openStream()) {
        Attributes main = new Manifest(in).getMainAttributes();
        String name = main.getValue("Bundle-SymbolicName");
        if (name != null && name.startsWith("consort.") && !name.equals("consort.architecture")) {
          MANIFESTS.put(name, main);
          PLACES.put(name, url);
        }
      }
    }
  }

  @Test
  void exportsAreTheGoldenList() throws IOException {
    StringBuilder actual = new StringBuilder();
    MANIFESTS.forEach(
        (name, main) ->
            exports(main).forEach((pack, version) -> actual.append(pack + " " + version + "\n")));

    assertThat(actual.toString())
        .isEqualTo(Files.readString(ROOT.resolve("docs/reference/exports.txt")));
  }

  @Test
  void everyBundleSaysWhatTheRootSays() {
    MANIFESTS.forEach(
        (name, main) -> {
          assertThat(main.getValue("Bundle-Vendor")).as(name).isEqualTo("Consort");
          assertThat(main.getValue("Bundle-License")).as(name).isEqualTo("Apache-2.0");
          assertThat(main.getValue("Build-Jdk-Spec")).as(name).isNull();
        });
    assertThat(MANIFESTS).containsKeys("consort.api", "consort.coordinator", "consort.http");
  }

  @Test
  void aBundleExportsAllOfItsPackagesOrNone() throws IOException {
    for (String name : MANIFESTS.keySet()) {
      Set<String> exported = new TreeSet<>(exports(MANIFESTS.get(name)).keySet());
      if (!exported.isEmpty()) {
        assertThat(exported).as(name).isEqualTo(packages(name));
      }
    }
  }

  /** But for those of a library that is no bundle, and is therefore a part of one. */
  @Test
  void aBundlesPackagesCarryItsName() throws IOException {
    for (String name : MANIFESTS.keySet()) {
      List<String> libraries = EMBEDDED.getOrDefault(name, List.of());
      assertThat(packages(name))
          .as(name)
          .allMatch(
              pack ->
                  (pack + ".").startsWith(name + ".")
                      || libraries.stream().anyMatch(pack::startsWith));
    }
  }

  @Test
  void driversExportNothing() {
    MANIFESTS.forEach(
        (name, main) -> {
          if (name.startsWith("consort.driver.")) {
            assertThat(main.getValue("Export-Package")).as(name).isNull();
          }
        });
  }

  private static SortedMap<String, String> exports(Attributes main) {
    SortedMap<String, String> exports = new TreeMap<>();
    String header = main.getValue("Export-Package");
    var matcher = EXPORT.matcher(header == null ? "" : header);
    while (matcher.find()) {
      exports.put(matcher.group(1), matcher.group(2));
    }
    return exports;
  }

  private static Set<String> packages(String name) throws IOException {
    String place = PLACES.get(name).toString();
    if (!place.startsWith("jar:file:")) {
      abort("the bundles are not packed yet: run mvn verify");
    }
    Set<String> packages = new TreeSet<>();
    try (JarFile jar = new JarFile(place.substring("jar:file:".length(), place.indexOf('!')))) {
      jar.stream()
          .map(entry -> entry.getName())
          .filter(entry -> entry.endsWith(".class"))
          .forEach(
              entry -> packages.add(entry.substring(0, entry.lastIndexOf('/')).replace('/', '.')));
    }
    return packages;
  }
}
