// SPDX-License-Identifier: Apache-2.0
package consort.itests;

import consort.itests.driver.Dependant;
import consort.itests.driver.NumberDriver;
import consort.itests.driver.StormDriver;
import consort.itests.driver.Views;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/** Makes bundles of classes of this module. */
final class Jars {

  private final Map<String, String> headers = new LinkedHashMap<>();
  private final Map<String, byte[]> entries = new LinkedHashMap<>();

  private Jars(String name, String version) {
    header("Bundle-ManifestVersion", "2");
    header("Bundle-SymbolicName", name);
    header("Bundle-Version", version);
  }

  /**
   * A driver of this name.
   *
   * @param does what it does wrong; empty for nothing
   */
  static Jars driver(String name, String version, String does) throws IOException {
    return new Jars(name, version)
        .header("Bundle-Activator", StormDriver.class.getName())
        .header("Import-Package", "org.osgi.framework,consort.api,consort.api.driver")
        .header("Test-Driver", name)
        .header("Test-Does", does.isEmpty() ? null : does)
        .type(StormDriver.class.getName())
        .type(StormDriver.class.getName() + "$Counter");
  }

  /** A driver that asks for numbers. */
  static Jars numbers() throws IOException {
    String name = NumberDriver.class.getName();
    return new Jars("numbers", "1.0.0")
        .header("Bundle-Activator", name)
        .header(
            "Import-Package",
            "org.osgi.framework,consort.api,consort.api.driver,consort.api.link,consort.api.typed")
        .header("Test-Driver", "numbers")
        .type(name)
        .type(name + "$Numbers")
        .type(name + "$Asking");
  }

  /** A bundle that imports packages, and does nothing. */
  static Jars consumer(String name, String imports) {
    return new Jars(name, "1.0.0").header("Import-Package", imports);
  }

  /**
   * A bundle that has an interface, exports it, and exports instruments to other nodes under it.
   *
   * @param version the version of the package
   * @param filter which instruments; null for a bundle that has the interface alone
   */
  static Jars views(Class<?> type, String version, String filter) throws IOException {
    Jars jar =
        new Jars("views." + type.getSimpleName(), version)
            .header("Export-Package", type.getPackageName() + ";version=" + version)
            .header(
                "Import-Package",
                "org.osgi.framework,consort.api,consort.api.driver,consort.api.typed")
            .header("Bundle-Activator", filter == null ? null : Views.class.getName())
            .header("Test-Type", type.getName())
            .header("Test-Filter", filter)
            .type(type.getName())
            .type(Views.class.getName());
    for (Class<?> part : type.getDeclaredClasses()) {
      jar.type(part.getName());
    }
    return jar;
  }

  /** A component that needs an instrument. */
  static Jars dependant(String instrument) throws IOException {
    String component =
        """
        <scr:component xmlns:scr="http://www.osgi.org/xmlns/scr/v1.3.0" name="dependant" immediate="true">
          <implementation class="%s"/>
          <reference name="instrument" interface="consort.api.Instrument" bind="bind"
              target="(consort.instrument=%s)" cardinality="1..1" policy="static"/>
        </scr:component>
        """
            .formatted(Dependant.class.getName(), instrument);
    Jars jar =
        new Jars("dependant", "1.0.0")
            .header("Import-Package", "consort.api")
            .header("Service-Component", "OSGI-INF/dependant.xml")
            .type(Dependant.class.getName());
    jar.entries.put("OSGI-INF/dependant.xml", component.getBytes(StandardCharsets.UTF_8));
    return jar;
  }

  /** With a header; null for without it. */
  Jars header(String key, String value) {
    if (value == null) {
      headers.remove(key);
    } else {
      headers.put(key, value);
    }
    return this;
  }

  private Jars type(String name) throws IOException {
    String path = name.replace('.', '/') + ".class";
    try (InputStream in = Jars.class.getClassLoader().getResourceAsStream(path)) {
      entries.put(path, in.readAllBytes());
    }
    return this;
  }

  byte[] bytes() throws IOException {
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().putValue("Manifest-Version", "1.0");
    headers.forEach(manifest.getMainAttributes()::putValue);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (JarOutputStream jar = new JarOutputStream(out, manifest)) {
      for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
        jar.putNextEntry(new JarEntry(entry.getKey()));
        jar.write(entry.getValue());
      }
    }
    return out.toByteArray();
  }
}
