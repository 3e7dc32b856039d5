// SPDX-License-Identifier: Apache-2.0
package consort.declarative;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.LocalDateTime;
import java.util.Dictionary;
import java.util.HexFormat;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.osgi.framework.Bundle;

/** A bundle with a definition in it, and nothing else. */
final class DefinitionBundle {

  /** The header that says which entry the definition is; only bundles with it are looked at. */
  static final String DEFINITION = "Consort-Definition";

  /** The header with the name of the driver. */
  static final String DRIVER = "Consort-Driver";

  /** What its bundle asks for, so that it does not start without us. */
  static final String EXTENDER = "consort.declarative";

  private static final String ENTRY = "definition.yaml";

  /** The first that a zip knows: equal bytes in, equal bytes out. */
  private static final LocalDateTime ALWAYS = LocalDateTime.of(1980, 1, 1, 0, 0);

  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_]+");

  private DefinitionBundle() {}

  /** The jar of a definition under a driver's name. */
  static byte[] jar(String driver, String version, byte[] definition) {
    Manifest manifest = new Manifest();
    Attributes headers = manifest.getMainAttributes();
    headers.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    headers.putValue("Bundle-ManifestVersion", "2");
    headers.putValue("Bundle-SymbolicName", symbolicName(driver));
    headers.putValue("Bundle-Version", version);
    headers.putValue("Bundle-Description", "The driver " + driver + ", an API definition.");
    headers.putValue(
        "Require-Capability", "osgi.extender;filter:=\"(osgi.extender=" + EXTENDER + ")\"");
    headers.putValue(DEFINITION, ENTRY);
    headers.putValue(DRIVER, driver);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(out)) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      manifest.write(bytes);
      put(zip, JarFile.MANIFEST_NAME, bytes.toByteArray());
      put(zip, ENTRY, definition);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private static void put(ZipOutputStream zip, String name, byte[] bytes) throws IOException {
    CRC32 crc = new CRC32();
    crc.update(bytes);
    ZipEntry entry = new ZipEntry(name);
    entry.setTimeLocal(ALWAYS);
    // not compressed, as other libraries compress to other bytes
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(bytes.length);
    entry.setCrc(crc.getValue());
    zip.putNextEntry(entry);
    zip.write(bytes);
    zip.closeEntry();
  }

  /** A driver's name may be a path: then it is the end of it, and a digest of the whole. */
  private static String symbolicName(String driver) {
    String prefix = "consort.definition.";
    if (PLAIN.matcher(driver).matches()) {
      return prefix + driver;
    }
    String end = driver.substring(driver.lastIndexOf('/') + 1).replaceAll("[^A-Za-z0-9_]", "_");
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(driver.getBytes(StandardCharsets.UTF_8));
      return prefix + end + "-" + HexFormat.of().formatHex(digest, 0, 8);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The name of the driver of a bundle; null when it has no definition. */
  static String driver(Bundle bundle) {
    Dictionary<String, String> headers = bundle.getHeaders("");
    return headers.get(DEFINITION) == null ? null : headers.get(DRIVER);
  }

  /**
   * The definition of a bundle.
   *
   * @throws IOException when it is not there
   */
  static byte[] definition(Bundle bundle) throws IOException {
    String name = bundle.getHeaders("").get(DEFINITION);
    URL entry = bundle.getEntry(name);
    if (entry == null) {
      throw new IOException("the bundle has no " + name);
    }
    try (InputStream in = entry.openStream()) {
      return in.readAllBytes();
    }
  }
}
