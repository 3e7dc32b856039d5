// SPDX-License-Identifier: Apache-2.0
package consort.security;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A file with a token that its owner alone may read. */
final class TokenFile {

  private static final Logger LOG = LoggerFactory.getLogger(TokenFile.class);
  private static final Pattern TOKEN = Pattern.compile("[0-9a-f]{64}");
  private static final int BYTES = 32;

  private final Path path;

  TokenFile(Path path) {
    this.path = path;
  }

  String readOrMake() throws IOException {
    OwnerOnly.folder(path.getParent()).ifPresent(was -> warn(path.getParent(), was));
    try {
      return read();
    } catch (NoSuchFileException first) {
      make();
      return read();
    }
  }

  private String read() throws IOException {
    if (Files.isSymbolicLink(path)) {
      throw new IOException(path + " is a symbolic link; remove it, a token is made anew");
    }
    if (Files.size(path) > 1000) {
      throw wrong();
    }
    String token = Files.readString(path, StandardCharsets.ISO_8859_1).strip();
    if (!TOKEN.matcher(token).matches()) {
      throw wrong();
    }
    OwnerOnly.close(path).ifPresent(was -> warn(path, was));
    return token;
  }

  private IOException wrong() {
    return new IOException(path + " holds no token; remove it, a token is made anew");
  }

  private void make() throws IOException {
    byte[] secret = new byte[BYTES];
    new SecureRandom().nextBytes(secret);
    String token = HexFormat.of().formatHex(secret) + "\n";
    OwnerOnly.write(path, token.getBytes(StandardCharsets.ISO_8859_1));
  }

  private static void warn(Path open, String permissions) {
    LOG.warn(
        "{} was open to others ({}); now it is not. If others use this machine, remove admin.token"
            + " and restart: a new one is made",
        open,
        permissions);
  }
}
