// SPDX-License-Identifier: Apache-2.0
package consort.deploy;

import consort.deploy.fixture.TestDriver;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/** Makes jars of driver bundles. */
final class Jars {

  private final Map<String, String> headers = new LinkedHashMap<>();

  private Jars() {}

  /** A driver bundle that works. */
  static Jars driver(String name, String version) {
    return new Jars()
        .header("Bundle-ManifestVersion", "2")
        .header("Bundle-SymbolicName", name)
        .header("Bundle-Version", version)
        .header("Bundle-Activator", TestDriver.class.getName())
        .header("Import-Package", "org.osgi.framework,consort.api.driver")
        .header("Test-Driver", name);
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

  Jars alsoImports(String packages) {
    return header("Import-Package", headers.get("Import-Package") + "," + packages);
  }

  byte[] bytes() {
    return bytesWithZeros(0);
  }

  /** With so many MiB of nothing, which pack well. */
  byte[] bytesWithZeros(int mebibytes) {
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().putValue("Manifest-Version", "1.0");
    headers.forEach(manifest.getMainAttributes()::putValue);
    String path = TestDriver.class.getName().replace('.', '/') + ".class";
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (JarOutputStream jar = new JarOutputStream(out, manifest);
        InputStream in = TestDriver.class.getClassLoader().getResourceAsStream(path)) {
      jar.putNextEntry(new JarEntry(path));
      in.transferTo(jar);
      byte[] zeros = new byte[1 << 20];
      jar.putNextEntry(new JarEntry("zeros"));
      for (int i = 0; i < mebibytes; i++) {
        jar.write(zeros);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }
}
