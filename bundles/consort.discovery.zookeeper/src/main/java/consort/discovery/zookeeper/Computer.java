// SPDX-License-Identifier: Apache-2.0
package consort.discovery.zookeeper;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Tells computers apart, and network name spaces of one. An address of the loopback interface means
 * another node on each.
 */
final class Computer {

  private static final Path BOOT = Path.of("/proc/sys/kernel/random/boot_id");
  private static final Path NETWORK = Path.of("/proc/self/ns/net");

  private Computer() {}

  static String id() {
    try {
      return Files.readString(BOOT).strip() + "/" + Files.readSymbolicLink(NETWORK);
    } catch (IOException otherSystem) {
      return name();
    }
  }

  private static String name() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (IOException e) {
      return "unknown";
    }
  }
}
