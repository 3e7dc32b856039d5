// SPDX-License-Identifier: Apache-2.0
package consort.http;

import consort.commands.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where a running node says how to reach it. */
final class NodeFile {

  private static final Logger LOG = LoggerFactory.getLogger(NodeFile.class);

  private final Path path;
  private boolean written;

  NodeFile(Path path) {
    this.path = path;
  }

  synchronized void write(String node, int port, Instant started) throws IOException {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("pid", ProcessHandle.current().pid());
    map.put("port", port);
    map.put("node", node);
    map.put("started", started.toString());
    Files.createDirectories(path.getParent());
    Path beside = path.resolveSibling("node.json.new");
    Files.deleteIfExists(beside);
    try (FileChannel channel =
        FileChannel.open(
            beside, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), owner())) {
      channel.write(ByteBuffer.wrap((Json.write(map) + "\n").getBytes(StandardCharsets.UTF_8)));
    }
    Files.move(beside, path, StandardCopyOption.ATOMIC_MOVE);
    written = true;
  }

  private FileAttribute<?>[] owner() throws IOException {
    return Files.getFileStore(path.getParent()).supportsFileAttributeView("posix")
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
        }
        : new FileAttribute<?>[0];
  }

  /** Removes what this node wrote, never what another did. */
  synchronized void remove() {
    if (written) {
      written = false;
      try {
        Files.deleteIfExists(path);
      } catch (IOException e) {
        LOG.warn("{} stays: {}", path, e.getMessage());
      }
    }
  }
}
