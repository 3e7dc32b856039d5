// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/** Puts the frames of a connection together to messages. Used by one thread. */
final class Assembly {

  /** Takes the messages. */
  interface Sink {
    void message(MessageType type, int id, byte[] payload) throws Malformed;
  }

  private static final int HEADER = 9;

  private final AtomicLong budget;
  private final Spare spare;
  private final Sink sink;
  private final Map<Long, Partial> partial = new HashMap<>();
  private final ByteBuffer header = ByteBuffer.allocate(HEADER + 4);
  private int longest;
  private MessageType type;
  private int id;
  private boolean more;

  /** Of the frame that is being read; null while it is the header. */
  private Partial target;

  private int left;

  /** A message that is not complete. */
  private static final class Partial {
    private final byte[] payload;
    private int filled;

    Partial(byte[] payload) {
      this.payload = payload;
    }
  }

  /**
   * Starts anew.
   *
   * @param budget how many bytes incomplete messages of the whole node may still take
   * @param spare where long messages get their memory from
   * @param longest the longest message, for now
   */
  Assembly(AtomicLong budget, Spare spare, int longest, Sink sink) {
    this.budget = budget;
    this.spare = spare;
    this.longest = longest;
    this.sink = sink;
    header.limit(HEADER);
  }

  /** Another longest message from now on. */
  void longest(int size) {
    longest = size;
  }

  /** Takes bytes, all that are there. */
  void feed(ByteBuffer in) throws Malformed {
    while (in.hasRemaining() || (target != null && left == 0)) {
      if (target == null) {
        if (!fillHeader(in)) {
          return;
        }
      } else {
        int count = Math.min(left, in.remaining());
        in.get(target.payload, target.filled, count);
        target.filled += count;
        left -= count;
        if (left > 0) {
          return;
        }
        endFrame();
      }
    }
  }

  private boolean fillHeader(ByteBuffer in) throws Malformed {
    int count = Math.min(header.remaining(), in.remaining());
    header.put(in.slice(in.position(), count));
    in.position(in.position() + count);
    if (header.hasRemaining()) {
      return false;
    }
    int length = header.getInt(0);
    if (length < 5 || length > 5 + Limits.FRAME) {
      throw new Malformed("a frame of " + Integer.toUnsignedString(length) + " bytes");
    }
    int code = header.get(4);
    type = MessageType.of(code & 0x7f);
    more = code < 0;
    id = header.getInt(5);
    if (type == null) {
      throw new Malformed("a message of the unknown type " + (code & 0x7f));
    }
    left = length - 5;
    target = partial.get(key());
    if (target == null && more && header.limit() == HEADER) {
      if (left < 4) {
        throw new Malformed("a message does not say how long it is");
      }
      header.limit(HEADER + 4);
      return true;
    }
    if (target == null) {
      target = more ? begin(header.getInt(HEADER)) : whole();
    }
    header.clear().limit(HEADER);
    if (left > target.payload.length - target.filled) {
      throw new Malformed("a message is longer than it said");
    }
    return true;
  }

  private long key() {
    return (long) type.code() << 32 | id & 0xffffffffL;
  }

  private Partial whole() throws Malformed {
    if (left > longest) {
      throw new Malformed("a message of " + left + " bytes; at most " + longest + " are taken");
    }
    return new Partial(new byte[left]);
  }

  private Partial begin(int size) throws Malformed {
    left -= 4;
    if (size <= left || size > longest) {
      throw new Malformed("a message of " + size + " bytes; at most " + longest + " are taken");
    }
    if (partial.size() >= Limits.INCOMPLETE) {
      throw new Malformed("more than " + Limits.INCOMPLETE + " messages at a time");
    }
    if (budget.addAndGet(-size) < 0) {
      budget.addAndGet(size);
      throw new Malformed("the node has no memory for a message of " + size + " bytes now");
    }
    Partial begun = new Partial(spare.take(size));
    partial.put(key(), begun);
    return begun;
  }

  private void endFrame() throws Malformed {
    Partial ended = target;
    target = null;
    if (more) {
      return;
    }
    if (partial.remove(key()) != null) {
      budget.addAndGet(ended.payload.length);
    }
    if (ended.filled < ended.payload.length) {
      throw new Malformed("a message is shorter than it said");
    }
    sink.message(type, id, ended.payload);
  }

  /** Gives back what incomplete messages took. */
  void clear() {
    partial.values().forEach(begun -> budget.addAndGet(begun.payload.length));
    partial.clear();
  }
}
