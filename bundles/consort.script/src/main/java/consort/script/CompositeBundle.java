// SPDX-License-Identifier: Apache-2.0
package consort.script;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.time.LocalDateTime;
import java.util.HexFormat;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.osgi.framework.Bundle;

/** A bundle with the file of a composite instrument in it, and nothing else. */
final class CompositeBundle {

  /** What its bundle asks for, so that it does not start without us. */
  static final String EXTENDER = "consort.script";

  /** The header with the name of the file; only bundles with it are looked at. */
  private static final String FILE = "Consort-Lua";

  private static final String DRIVER = "Consort-Driver";
  private static final String ENTRY = "instrument.lua";

  /** The first that a zip knows: equal bytes in, equal bytes out. */
  private static final LocalDateTime ALWAYS = LocalDateTime.of(1980, 1, 1, 0, 0);

  private CompositeBundle() {}

  /** The jar of a file under a driver's name. */
  static byte[] jar(String driver, String version, String file, byte[] text) {
    Manifest manifest = new Manifest();
    Attributes headers = manifest.getMainAttributes();
    headers.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    headers.putValue("Bundle-ManifestVersion", "2");
    // a driver's name may be a path, which a symbolic name cannot be
    headers.putValue(
        "Bundle-SymbolicName",
        "consort.lua."
            + file.replaceAll("\\.lua$|[^A-Za-z0-9_]", "")
            + "-"
            + HexFormat.of().toHexDigits(driver.hashCode()));
    headers.putValue("Bundle-Version", version);
    headers.putValue("Bundle-Description", "The instrument " + file + ", made of others.");
    headers.putValue(
        "Require-Capability", "osgi.extender;filter:=\"(osgi.extender=" + EXTENDER + ")\"");
    headers.putValue(FILE, file);
    headers.putValue(DRIVER, driver);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(out)) {
      zip.setLevel(0); // other libraries compress to other bytes
      zip.putNextEntry(entry(JarFile.MANIFEST_NAME));
      manifest.write(zip);
      zip.putNextEntry(entry(ENTRY));
      zip.write(text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private static ZipEntry entry(String name) {
    ZipEntry entry = new ZipEntry(name);
    entry.setTimeLocal(ALWAYS);
    return entry;
  }

  /** The name of the driver of a bundle; null when it is none of ours. */
  static String driver(Bundle bundle) {
    return bundle.getHeaders("").get(FILE) == null ? null : bundle.getHeaders("").get(DRIVER);
  }

  /** The file of a bundle. */
  static Sandbox.Source source(Bundle bundle) throws IOException {
    URL entry = bundle.getEntry(ENTRY);
    if (entry == null) {
      throw new IOException("the bundle has no " + ENTRY);
    }
    try (InputStream in = entry.openStream()) {
      return new Sandbox.Source(bundle.getHeaders("").get(FILE), in.readAllBytes());
    }
  }
}
