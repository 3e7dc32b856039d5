// SPDX-License-Identifier: Apache-2.0
package consort.link;

import consort.link.Wire.Overdue;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** What came from a wire and was not yet read: one buffer that is used again and again. */
final class Received {

  /** A line longer than the limit. */
  static final class TooLong extends IOException {
    private static final long serialVersionUID = 1L;

    TooLong(int limit) {
      super("longer than " + limit + " bytes");
    }
  }

  /** Sees the bytes that are read. */
  interface Tap {
    void read(byte[] bytes, int from, int to);
  }

  static final String CLOSED = "closed by the other side";

  private static final int USUAL = 4096;
  private static final int LARGEST_IDLE = 1 << 20;

  private final Wire wire;
  private final Tap tap;
  private byte[] buffer = new byte[USUAL];
  private int from;
  private int to;

  Received(Wire wire, Tap tap) {
    this.wire = wire;
    this.tap = tap;
  }

  int size() {
    return to - from;
  }

  void clear() {
    from = to = 0;
  }

  /** Gives back the memory that one long answer needed. */
  void relax() {
    if (buffer.length > LARGEST_IDLE && from == to) {
      buffer = new byte[USUAL];
    }
  }

  /** Takes in what has come, as far as there is room; −1 when the other side has closed. */
  int takeIn() throws IOException {
    int space = buffer.length - to;
    int count = space == 0 ? 0 : wire.readNow(buffer, to, space);
    to += Math.max(count, 0);
    return count;
  }

  /** Waits for bytes and drops them; returns how many. */
  int drop(Limit limit) throws IOException {
    clear();
    return some(wire.read(buffer, 0, buffer.length, limit));
  }

  /** Reads a line and its terminator; returns the line. */
  String line(byte[] terminator, Charset charset, int longest, Limit limit) throws IOException {
    int looked = 0;
    while (true) {
      int end = find(terminator, from + looked);
      int length = (end < 0 ? to : end) - from;
      if (length > longest + (end < 0 ? terminator.length - 1 : 0)) {
        throw new TooLong(longest);
      }
      if (end >= 0) {
        String line = new String(buffer, from, length, charset);
        consume(length + terminator.length);
        return line;
      }
      looked = Math.max(0, length - terminator.length + 1);
      fill(limit);
    }
  }

  private int find(byte[] terminator, int start) {
    byte last = terminator[terminator.length - 1];
    for (int end = start + terminator.length; end <= to; end++) {
      if (buffer[end - 1] == last && endsWith(terminator, end)) {
        return end - terminator.length;
      }
    }
    return -1;
  }

  private boolean endsWith(byte[] terminator, int end) {
    int begin = end - terminator.length;
    return begin >= from && Arrays.equals(buffer, begin, end, terminator, 0, terminator.length);
  }

  byte[] bytes(int count, Limit limit) throws IOException {
    while (size() < count && count <= buffer.length) {
      fill(limit);
    }
    byte[] result = new byte[count];
    int done = Math.min(count, size());
    System.arraycopy(buffer, from, result, 0, done);
    from += done;
    try {
      while (done < count) {
        // Straight to where it belongs: large blocks do not pass through the buffer.
        done += some(wire.read(result, done, count - done, limit));
      }
    } finally {
      tap.read(result, 0, done);
    }
    return result;
  }

  /** Reads until the last bytes are the terminator and nothing more comes for a while. */
  byte[] untilQuiet(byte[] terminator, int longest, long quietNanos, Limit limit)
      throws IOException {
    while (true) {
      if (size() > longest + terminator.length) {
        throw new TooLong(longest);
      }
      boolean ended = endsWith(terminator, to);
      try {
        fill(ended ? limit.atMost(quietNanos) : limit);
      } catch (Overdue e) {
        limit.left();
        byte[] result = Arrays.copyOfRange(buffer, from, to - terminator.length);
        consume(size());
        return result;
      }
    }
  }

  /** Shows the tap what nobody will read. */
  void giveUp() {
    if (size() > 0) {
      tap.read(buffer, from, to);
    }
    clear();
  }

  /** Its beginning, as it is. */
  @Override
  public String toString() {
    return new String(buffer, from, Math.min(size(), TraceRing.SHOWN), StandardCharsets.ISO_8859_1);
  }

  private void consume(int count) {
    tap.read(buffer, from, from + count);
    from += count;
    if (from == to) {
      clear();
    }
  }

  private void fill(Limit limit) throws IOException {
    if (to == buffer.length && from > 0) {
      System.arraycopy(buffer, from, buffer, 0, size());
      to -= from;
      from = 0;
    } else if (to == buffer.length) {
      buffer = Arrays.copyOf(buffer, 2 * buffer.length);
    }
    to += some(wire.read(buffer, to, buffer.length - to, limit));
  }

  private static int some(int count) throws IOException {
    if (count < 0) {
      throw new IOException(CLOSED);
    }
    return count;
  }
}
