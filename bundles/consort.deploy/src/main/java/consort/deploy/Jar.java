// SPDX-License-Identifier: Apache-2.0
package consort.deploy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.osgi.framework.Version;

/**
 * What is known of a jar before the framework sees it.
 *
 * @param digest SHA-256 of its bytes, in hex
 * @param name its symbolic name, without directives
 * @param version its Bundle-Version
 * @param exports its Export-Package, empty when there is none
 */
record Jar(String digest, String name, Version version, String exports) {

  /** The reason why a file is no driver bundle, in words for its owner. */
  static final class Unfit extends Exception {
    private static final long serialVersionUID = 1L;

    Unfit(String message) {
      super(message, null);
    }
  }

  private static final int END_OF_DIRECTORY = 22;

  /** A few megabytes unpack to gigabytes, if they are made for it; classes to three times more. */
  private static final long RATIO = 20;

  private static final long SMALL_UNPACKED = 64L << 20;
  private static final long MOST_UNPACKED = 1L << 30;

  private static final int LONGEST_MANIFEST = 4 << 20;

  /** Reads all of it, so that a damaged entry is found now and not when its class is wanted. */
  static Jar of(byte[] bytes) throws Unfit {
    return of(bytes, Math.min(MOST_UNPACKED, SMALL_UNPACKED + RATIO * (long) bytes.length));
  }

  static Jar of(byte[] bytes, long most) throws Unfit {
    int entries = entriesInDirectory(bytes);
    Manifest manifest = null;
    int count = 0;
    long left = most;
    byte[] buffer = new byte[1 << 16];
    try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(bytes))) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        count++;
        if (entry.getName().equals(JarFile.MANIFEST_NAME)) {
          byte[] headers = zip.readNBytes(LONGEST_MANIFEST);
          if (headers.length == LONGEST_MANIFEST) {
            throw new Unfit("its manifest is longer than " + (LONGEST_MANIFEST >> 20) + " MiB");
          }
          manifest = new Manifest(new ByteArrayInputStream(headers));
        }
        for (int read = zip.read(buffer); read >= 0; read = zip.read(buffer)) {
          left -= read;
          if (left < 0) {
            throw new Unfit("the jar has more than " + (most >> 20) + " MiB when it is unpacked");
          }
        }
      }
    } catch (IOException | IllegalArgumentException e) {
      throw new Unfit("the jar is damaged (" + e.getMessage() + "); copy it again");
    }
    if (count < entries) {
      throw new Unfit("the jar is damaged; copy it again");
    }
    return of(bytes, manifest);
  }

  private static Jar of(byte[] bytes, Manifest manifest) throws Unfit {
    if (manifest == null) {
      throw new Unfit(
          "this is no OSGi bundle: the jar has no META-INF/MANIFEST.MF; build it with bnd");
    }
    Attributes headers = manifest.getMainAttributes();
    if (headers.getValue("Bundle-SymbolicName") == null) {
      throw new Unfit(
          "this is no OSGi bundle: its manifest has no Bundle-SymbolicName; build it with bnd");
    }
    if (headers.getValue("Fragment-Host") != null) {
      throw new Unfit("this is a fragment of another bundle; a driver is a bundle of its own");
    }
    String version = headers.getValue("Bundle-Version");
    Version parsed;
    try {
      parsed = Version.parseVersion(version);
    } catch (IllegalArgumentException e) {
      throw new Unfit("its Bundle-Version '" + version + "' is no version; write one like 1.2.3");
    }
    String exports = headers.getValue("Export-Package");
    String name = headers.getValue("Bundle-SymbolicName").split(";", 2)[0].strip();
    return new Jar(digest(bytes), name, parsed, exports == null ? "" : exports.strip());
  }

  /** The central directory stands at the end: where it is absent, so is the rest of the file. */
  private static int entriesInDirectory(byte[] bytes) throws Unfit {
    if (bytes.length == 0) {
      throw new Unfit("the file is empty");
    }
    if (bytes.length < 4 || bytes[0] != 'P' || bytes[1] != 'K') {
      throw new Unfit("this is no jar");
    }
    for (int at = bytes.length - END_OF_DIRECTORY;
        at >= Math.max(0, bytes.length - END_OF_DIRECTORY - 0xFFFF);
        at--) {
      if (bytes[at] == 'P' && bytes[at + 1] == 'K' && bytes[at + 2] == 5 && bytes[at + 3] == 6) {
        return (bytes[at + 10] & 0xFF) | (bytes[at + 11] & 0xFF) << 8;
      }
    }
    throw new Unfit("the jar is truncated: its end is missing; copy it again");
  }

  private static String digest(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
