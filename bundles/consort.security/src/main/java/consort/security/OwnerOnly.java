// SPDX-License-Identifier: Apache-2.0
package consort.security;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;

/**
 * Files and folders that their owner alone may read; where the file system knows no such thing,
 * any.
 */
final class OwnerOnly {

  private static final Set<PosixFilePermission> FILE = PosixFilePermissions.fromString("rw-------");
  private static final Set<PosixFilePermission> FOLDER =
      PosixFilePermissions.fromString("rwx------");

  private OwnerOnly() {}

  /**
   * Makes a folder, and those above it with the permissions that are usual here.
   *
   * @return what others were allowed before, when it was there and open to them
   */
  static Optional<String> folder(Path folder) throws IOException {
    Files.createDirectories(folder.getParent());
    try {
      Files.createDirectory(folder, attributes(folder.getParent(), FOLDER));
      return Optional.empty();
    } catch (FileAlreadyExistsException there) {
      return restrict(folder, FOLDER);
    }
  }

  /**
   * Written beside and moved into place: whoever reads finds all of it or what was there before.
   */
  static void write(Path path, byte[] content) throws IOException {
    Path beside = path.resolveSibling(path.getFileName() + ".new");
    Files.deleteIfExists(beside);
    try (FileChannel channel =
        FileChannel.open(
            beside,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            attributes(path.getParent(), FILE))) {
      ByteBuffer bytes = ByteBuffer.wrap(content);
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
    Files.move(beside, path, StandardCopyOption.ATOMIC_MOVE);
  }

  /**
   * Takes from others what they may do with a file.
   *
   * @return what that was, when it was anything
   */
  static Optional<String> close(Path file) throws IOException {
    return restrict(file, FILE);
  }

  private static Optional<String> restrict(Path path, Set<PosixFilePermission> permissions)
      throws IOException {
    if (!isPosix(path)) {
      return Optional.empty();
    }
    Set<PosixFilePermission> now = Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS);
    if (permissions.containsAll(now)) {
      return Optional.empty();
    }
    Files.setPosixFilePermissions(path, permissions);
    return Optional.of(PosixFilePermissions.toString(now));
  }

  private static boolean isPosix(Path path) {
    return Files.getFileAttributeView(path, PosixFileAttributeView.class) != null;
  }

  private static FileAttribute<?>[] attributes(Path near, Set<PosixFilePermission> permissions) {
    return isPosix(near)
        ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(permissions)}
        : new FileAttribute<?>[0];
  }
}
