// SPDX-License-Identifier: Apache-2.0
package consort.security;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Set;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A file with a token that its owner alone may read. */
final class TokenFile {

  private static final Logger LOG = LoggerFactory.getLogger(TokenFile.class);
  private static final Pattern TOKEN = Pattern.compile("[0-9a-f]{64}");
  private static final int BYTES = 32;
  private static final Set<PosixFilePermission> FILE = PosixFilePermissions.fromString("rw-------");
  private static final Set<PosixFilePermission> FOLDER =
      PosixFilePermissions.fromString("rwx------");

  private final Path path;

  TokenFile(Path path) {
    this.path = path;
  }

  String readOrMake() throws IOException {
    Path folder = path.getParent();
    Files.createDirectories(folder.getParent());
    try {
      Files.createDirectory(folder, attributes(folder.getParent(), FOLDER));
    } catch (FileAlreadyExistsException there) {
      restrict(folder, FOLDER);
    }
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
    restrict(path, FILE);
    return token;
  }

  private IOException wrong() {
    return new IOException(path + " holds no token; remove it, a token is made anew");
  }

  /** Written beside and moved into place: whoever reads finds all of it or nothing. */
  private void make() throws IOException {
    byte[] secret = new byte[BYTES];
    new SecureRandom().nextBytes(secret);
    String token = HexFormat.of().formatHex(secret) + "\n";
    Path beside = path.resolveSibling(path.getFileName() + ".new");
    Files.deleteIfExists(beside);
    try (FileChannel channel =
        FileChannel.open(
            beside,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            attributes(path.getParent(), FILE))) {
      channel.write(ByteBuffer.wrap(token.getBytes(StandardCharsets.ISO_8859_1)));
      channel.force(true);
    }
    Files.move(beside, path, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
  }

  private static boolean isPosix(Path path) {
    return Files.getFileAttributeView(path, PosixFileAttributeView.class) != null;
  }

  private static FileAttribute<?>[] attributes(Path near, Set<PosixFilePermission> permissions) {
    return isPosix(near)
        ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(permissions)}
        : new FileAttribute<?>[0];
  }

  private static void restrict(Path path, Set<PosixFilePermission> permissions) throws IOException {
    if (!isPosix(path)) {
      return;
    }
    Set<PosixFilePermission> now = Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS);
    if (!permissions.containsAll(now)) {
      LOG.warn(
          "{} was open to others ({}); now it is {}. If others use this machine, remove admin.token"
              + " and restart: a new one is made",
          path,
          PosixFilePermissions.toString(now),
          PosixFilePermissions.toString(permissions));
      Files.setPosixFilePermissions(path, permissions);
    }
  }
}
