// SPDX-License-Identifier: Apache-2.0
package consort.link;

import consort.api.link.TraceEntry;
import consort.api.link.TraceEntry.Direction;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;

/** The newest entries of one instrument's links. Nothing is formatted before somebody looks. */
final class TraceRing {

  static final int ENTRIES = 1000;
  static final int SHOWN = 512;

  private record Raw(Instant at, String link, Direction direction, byte[] bytes, int size) {}

  private final Queue<Raw> entries = new ArrayDeque<>();

  void sent(String link, byte[] bytes) {
    add(link, Direction.SENT, bytes, 0, bytes.length);
  }

  void received(String link, byte[] bytes, int from, int to) {
    add(link, Direction.RECEIVED, bytes, from, to);
  }

  void event(String link, String what) {
    byte[] text = what.getBytes(StandardCharsets.UTF_8);
    put(new Raw(Instant.now(), link, Direction.EVENT, text, 0));
  }

  private void add(String link, Direction direction, byte[] bytes, int from, int to) {
    byte[] kept = Arrays.copyOfRange(bytes, from, Math.min(to, from + SHOWN));
    put(new Raw(Instant.now(), link, direction, kept, to - from));
  }

  private synchronized void put(Raw entry) {
    if (entries.size() == ENTRIES) {
      entries.remove();
    }
    entries.add(entry);
  }

  List<TraceEntry> entries() {
    List<Raw> raw;
    synchronized (this) {
      raw = new ArrayList<>(entries);
    }
    return raw.stream().map(TraceRing::shown).toList();
  }

  private static TraceEntry shown(Raw raw) {
    String text =
        raw.direction == Direction.EVENT
            ? new String(raw.bytes, StandardCharsets.UTF_8)
            : printable(raw.bytes, 0, raw.bytes.length) + (raw.size > raw.bytes.length ? "…" : "");
    return new TraceEntry(raw.at, raw.link, raw.direction, text, raw.size);
  }

  /** Bytes as text; those that ASCII does not print are escaped. */
  static String printable(byte[] bytes, int from, int to) {
    StringBuilder out = new StringBuilder(to - from);
    for (int i = from; i < to; i++) {
      int b = bytes[i] & 0xff;
      switch (b) {
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        default -> {
          if (b < ' ' || b > '~') {
            out.append(String.format("\\x%02x", b));
          } else {
            out.append((char) b);
          }
        }
      }
    }
    return out.toString();
  }
}
