// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;

/** A message on its way out, in frames. */
final class Outgoing {

  private static final int NEW = 0;
  private static final int BEGUN = 1;
  private static final int WITHDRAWN = 2;
  private static final int HEADER = 9;

  private final Message message;
  private final AtomicInteger state = new AtomicInteger();
  private int written;

  Outgoing(Message message) {
    this.message = message;
  }

  int size() {
    return message.size() + HEADER;
  }

  /** Takes it back; false when a part of it may have been sent already. */
  boolean withdraw() {
    return state.compareAndSet(NEW, WITHDRAWN);
  }

  /** Whether it is to be sent: from here on it cannot be taken back. */
  boolean begin() {
    return state.compareAndSet(NEW, BEGUN) || state.get() == BEGUN;
  }

  /**
   * Puts its next frame into a buffer.
   *
   * @return whether it was the last one; nothing is put where there is no room
   */
  boolean next(ByteBuffer out) {
    int left = message.size() - written;
    boolean split = message.size() > Limits.FRAME;
    int announce = split && written == 0 ? 4 : 0;
    int room = out.remaining() - HEADER - announce;
    int count = Math.min(Math.min(left, Limits.FRAME - announce), room);
    // A piece of a frame would only cost another header.
    if (room < 0 || count < Math.min(left, 4096)) {
      return false;
    }
    if (count < left && !split) {
      return false;
    }
    count = message.payload().whole(written, count);
    boolean more = count < left;
    out.putInt(5 + announce + count);
    out.put((byte) (message.type().code() | (more ? 0x80 : 0)));
    out.putInt(message.id());
    if (announce > 0) {
      out.putInt(message.size());
    }
    message.payload().copyTo(written, count, out);
    written += count;
    return !more;
  }
}
