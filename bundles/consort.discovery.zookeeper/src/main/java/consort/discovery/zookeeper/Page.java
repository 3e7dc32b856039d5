// SPDX-License-Identifier: Apache-2.0
package consort.discovery.zookeeper;

import consort.commands.Json;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Some endpoints of one node, as they stand in one node of ZooKeeper. Writing and reading them
 * together costs little more than one alone; and as a page is small, a change costs little too.
 */
final class Page {

  /** The most bytes of one; a larger one is neither written nor read. */
  static final int LARGEST = 64 * 1024;

  /** A page that has as many bytes gets no more endpoints. */
  static final int FULL = 32 * 1024;

  private static final int FORMAT = 2;
  private static final byte[] BEGIN =
      ("{\"format\":" + FORMAT + ",\"endpoints\":[").getBytes(StandardCharsets.UTF_8);
  private static final byte[] END = "]}".getBytes(StandardCharsets.UTF_8);

  /** The most bytes of one endpoint, which then has a page of its own. */
  static final int LARGEST_ENTRY = LARGEST - BEGIN.length - END.length;

  private Page() {}

  /** The bytes of a page, made of {@link Announcement#bytes}. */
  static byte[] bytes(Collection<byte[]> entries) {
    int entriesAlone = entries.stream().mapToInt(entry -> entry.length).sum();
    ByteBuffer all = ByteBuffer.allocate(size(entries.size(), entriesAlone));
    all.put(BEGIN);
    boolean first = true;
    for (byte[] entry : entries) {
      if (!first) {
        all.put((byte) ',');
      }
      first = false;
      all.put(entry);
    }
    return all.put(END).array();
  }

  /** How many bytes a page has, whose entries alone have so many. */
  static int size(int entries, int bytes) {
    return BEGIN.length + bytes + Math.max(0, entries - 1) + END.length;
  }

  /**
   * Reads what somebody wrote.
   *
   * @throws IllegalArgumentException when it is none; says why
   */
  static List<Announcement> read(byte[] bytes) {
    if (bytes.length > LARGEST) {
      throw new IllegalArgumentException(
          "it has %d bytes; at most %d are read".formatted(bytes.length, LARGEST));
    }
    Map<String, Object> all = Json.read(bytes);
    if (!(all.get("format") instanceof Number format) || format.longValue() != FORMAT) {
      throw new IllegalArgumentException("its format is not " + FORMAT);
    }
    if (!(all.get("endpoints") instanceof List<?> endpoints)) {
      throw new IllegalArgumentException("it has no endpoints");
    }
    List<Announcement> read = new ArrayList<>();
    // The endpoints of a page have most of their texts in common; each of those is kept once.
    Map<Object, Object> same = new HashMap<>();
    endpoints.forEach(endpoint -> read.add(Announcement.read(endpoint, same)));
    return read;
  }
}
