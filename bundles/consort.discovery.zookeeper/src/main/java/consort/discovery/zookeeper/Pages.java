// SPDX-License-Identifier: Apache-2.0
package consort.discovery.zookeeper;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What this node announces, spread over pages. An endpoint stays on its page, so that a change
 * touches one page and not those behind it. For one thread.
 */
final class Pages {

  private final Map<Integer, Sheet> sheets = new TreeMap<>();
  private final Map<String, Integer> whereIs = new HashMap<>();
  private final Set<Integer> changed = new TreeSet<>();

  private static final class Sheet {
    final Map<String, byte[]> entries = new LinkedHashMap<>();
    int bytes;

    void put(String id, byte[] entry) {
      byte[] before = entries.put(id, entry);
      bytes += entry.length - (before == null ? 0 : before.length);
    }

    void remove(String id) {
      bytes -= entries.remove(id).length;
    }

    boolean takes(byte[] entry) {
      return Page.size(entries.size() + 1, bytes + entry.length) <= Page.FULL;
    }
  }

  /** An endpoint, or its other properties. */
  void put(String id, byte[] entry) {
    Integer number = whereIs.get(id);
    if (number != null) {
      Sheet sheet = sheets.get(number);
      sheet.put(id, entry);
      changed.add(number);
      int entries = sheet.entries.size();
      if (entries == 1 || Page.size(entries, sheet.bytes) <= Page.FULL) {
        return;
      }
      remove(id);
    }
    int room = withRoom(entry);
    sheets.computeIfAbsent(room, made -> new Sheet()).put(id, entry);
    whereIs.put(id, room);
    changed.add(room);
  }

  private int withRoom(byte[] entry) {
    int free = 0;
    for (Map.Entry<Integer, Sheet> sheet : sheets.entrySet()) {
      if (sheet.getKey() > free) {
        break;
      }
      if (sheet.getValue().takes(entry)) {
        return sheet.getKey();
      }
      free++;
    }
    return free;
  }

  void remove(String id) {
    Integer number = whereIs.remove(id);
    if (number != null) {
      Sheet sheet = sheets.get(number);
      sheet.remove(id);
      if (sheet.entries.isEmpty()) {
        sheets.remove(number);
      }
      changed.add(number);
    }
  }

  /** The pages that are not empty. */
  Set<Integer> numbers() {
    return Set.copyOf(sheets.keySet());
  }

  /** The pages that have changed since this was asked before. */
  Set<Integer> changed() {
    Set<Integer> numbers = Set.copyOf(changed);
    changed.clear();
    return numbers;
  }

  /** What is to stand on a page, nothing when there is to be none. */
  Optional<byte[]> content(int number) {
    return Optional.ofNullable(sheets.get(number)).map(sheet -> Page.bytes(sheet.entries.values()));
  }
}
