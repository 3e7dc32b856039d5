// SPDX-License-Identifier: Apache-2.0
package consort.link;

import consort.link.Wire.Overdue;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArraySet;

/**
 * One piece of hardware's bytes: a wire, whose turn it is, and what was received and not yet read.
 * It outlives the links that use it. All methods that take a {@link Limit} are for the thread that
 * has the turn.
 */
final class Channel {

  /** A line longer than the limit. */
  static final class TooLong extends IOException {
    private static final long serialVersionUID = 1L;

    TooLong(int limit) {
      super("longer than " + limit + " bytes");
    }
  }

  /** The wire could not be opened, so certainly nothing was sent. */
  static final class NotOpened extends IOException {
    private static final long serialVersionUID = 1L;

    NotOpened(IOException cause) {
      super(cause.getMessage(), cause);
    }
  }

  private static final int BUFFER = 4096;
  private static final int LARGEST_IDLE_BUFFER = 1 << 20;
  private static final long LONGEST_DRAIN_NANOS = 1_000_000_000;
  private static final int LONGEST_DROP = 1 << 20;

  final Resource resource;
  private final Wire wire;
  private final long quietNanos;
  final Turns turns = new Turns();
  final Set<ChannelLink> links = new CopyOnWriteArraySet<>();

  /** A question is unanswered, or answered in part: another one must not be sent as it is. */
  private volatile boolean dirty;

  private volatile boolean reopen;
  private volatile boolean discarded;
  private volatile ChannelLink user;
  private byte[] buffer = new byte[BUFFER];
  private int from;
  private int to;
  private boolean sent;
  volatile long idleSince = System.nanoTime();

  Channel(Resource resource, Wire wire, long quietNanos) {
    this.resource = resource;
    this.wire = wire;
    this.quietNanos = quietNanos;
  }

  Wire wire() {
    return wire;
  }

  /** Waits for the turn of a link. */
  void begin(ChannelLink link, Limit limit) throws IOException {
    boolean first = turns.take(limit);
    if (first) {
      sent = false;
    }
    if (user != link) {
      user = link;
      if (first) {
        from = to = 0;
      }
    }
  }

  void end() {
    if (buffer.length > LARGEST_IDLE_BUFFER && from == to) {
      buffer = new byte[BUFFER];
    }
    idleSince = System.nanoTime();
    if (turns.give() && discarded) {
      discard();
    }
  }

  void setDirty() {
    dirty = true;
  }

  boolean isDirty() {
    return dirty;
  }

  /** The next use opens it anew. */
  void setReopen() {
    reopen = true;
  }

  /** Makes it ready for the next operation: open, and no late answer on its way. */
  void ready(Limit limit) throws IOException {
    if (dirty || reopen) {
      resynchronise(limit);
    } else if (!wire.isOpen()) {
      if (sent) {
        throw new IOException("closed in the middle of a transaction");
      }
      open(limit);
    }
  }

  /** Whether a resynchronisation is due, on a channel that was in use at all. */
  boolean isOutOfStep() {
    return dirty || reopen;
  }

  private void open(Limit limit) throws IOException {
    from = to = 0;
    sent = false;
    try {
      wire.open(limit);
    } catch (Wire.Stopped e) {
      throw e;
    } catch (Overdue e) {
      wire.close();
      throw new NotOpened(new IOException("it did not open in time", e));
    } catch (IOException e) {
      throw new NotOpened(e);
    }
    event("opened");
  }

  private void resynchronise(Limit limit) throws IOException {
    from = to = 0;
    if (reopen || wire.isFreshWhenReopened()) {
      wire.close();
    }
    reopen = false;
    boolean fresh = !wire.isOpen();
    if (fresh) {
      dirty |= !wire.isFreshWhenReopened();
      open(limit);
    }
    if (!wire.isFreshWhenReopened()) {
      drain(limit);
    }
    dirty = false;
    event("resynchronised: " + (fresh ? "opened anew" : "drained"));
  }

  private void drain(Limit limit) throws IOException {
    long end = System.nanoTime() + LONGEST_DRAIN_NANOS;
    int dropped = 0;
    try {
      while (System.nanoTime() - end < 0) {
        dropped += some(wire.read(buffer, 0, buffer.length, limit.atMost(quietNanos)));
      }
      event("still talking after 1 s of draining; " + dropped + " bytes dropped");
    } catch (Overdue e) {
      limit.left();
    }
  }

  /**
   * Sends bytes. A question drops what was received before it. A channel that the other side has
   * closed is opened anew, when nothing was sent in this transaction.
   */
  void send(byte[] bytes, boolean question, Limit limit) throws IOException {
    if (!stillConnected(question)) {
      event("closed by the other side");
      wire.close();
      if (sent) {
        throw new IOException("closed by the other side");
      }
      open(limit);
    }
    sent = true;
    user.trace.sent(resource.name(), bytes);
    wire.write(bytes, limit);
  }

  private boolean stillConnected(boolean drop) {
    int dropped = 0;
    try {
      while (dropped < LONGEST_DROP) {
        if (drop && to > from) {
          dropped += to - from;
          event("dropped, as nobody had asked: " + shown(from, to));
          from = to = 0;
        }
        int space = buffer.length - to;
        int count = space == 0 ? 0 : wire.readNow(buffer, to, space);
        if (count < 0) {
          return false;
        }
        to += count;
        if (count == 0 || !drop) {
          return true;
        }
      }
      return true;
    } catch (IOException e) {
      return false;
    }
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
    for (int i = start + terminator.length - 1; i < to; i++) {
      if (buffer[i] == last) {
        int begin = i - terminator.length + 1;
        if (terminator.length == 1
            || Arrays.equals(buffer, begin, i + 1, terminator, 0, terminator.length)) {
          return begin;
        }
      }
    }
    return -1;
  }

  byte[] bytes(int count, Limit limit) throws IOException {
    while (to - from < count && count <= buffer.length) {
      fill(limit);
    }
    byte[] result = new byte[count];
    int done = Math.min(count, to - from);
    System.arraycopy(buffer, from, result, 0, done);
    from += done;
    try {
      while (done < count) {
        // Straight to where it belongs: large blocks do not pass through the buffer.
        done += some(wire.read(result, done, count - done, limit));
      }
    } finally {
      user.trace.received(resource.name(), result, 0, done);
    }
    return result;
  }

  /** Reads until nothing comes for the quiet time and the last bytes are the terminator. */
  byte[] untilQuiet(byte[] terminator, int longest, Limit limit) throws IOException {
    while (true) {
      if (to - from > longest + terminator.length) {
        throw new TooLong(longest);
      }
      int begin = to - terminator.length;
      boolean ended =
          begin >= from && Arrays.equals(buffer, begin, to, terminator, 0, terminator.length);
      try {
        fill(ended ? limit.atMost(quietNanos) : limit);
      } catch (Overdue e) {
        limit.left();
        byte[] result = Arrays.copyOfRange(buffer, from, begin);
        consume(to - from);
        return result;
      }
    }
  }

  /** What was received and not read, for messages. */
  String unread() {
    return new String(buffer, from, Math.min(to - from, 256), StandardCharsets.ISO_8859_1);
  }

  private void consume(int count) {
    if (count > 0) {
      user.trace.received(resource.name(), buffer, from, from + count);
    }
    from += count;
    if (from == to) {
      from = to = 0;
    }
  }

  private void fill(Limit limit) throws IOException {
    if (to == buffer.length) {
      if (from > 0) {
        System.arraycopy(buffer, from, buffer, 0, to - from);
        to -= from;
        from = 0;
      } else {
        buffer = Arrays.copyOf(buffer, 2 * buffer.length);
      }
    }
    to += some(wire.read(buffer, to, buffer.length - to, limit));
  }

  private static int some(int count) throws IOException {
    if (count < 0) {
      throw new IOException("closed by the other side");
    }
    return count;
  }

  void clear() throws IOException {
    from = to = 0;
    if (wire.isOpen() && !stillConnected(true)) {
      event("closed by the other side");
      wire.close();
    }
  }

  /** After a failed operation: a wire that is fresh when reopened is of no more use. */
  void failed(boolean broken, String event) {
    if (to > from) {
      user.trace.received(resource.name(), buffer, from, to);
    }
    event(event);
    from = to = 0;
    dirty = true;
    if (broken || wire.isFreshWhenReopened()) {
      wire.close();
    }
  }

  /** Makes threads that wait, for the turn or for bytes, look at their limits again. */
  void wake() {
    turns.wake();
    wire.wake();
  }

  /** Closes the wire when nobody uses it; true when it is gone. */
  boolean closeIfIdle(String event) {
    if (!turns.takeNow()) {
      return false;
    }
    try {
      if (wire.isOpen()) {
        event(event);
      }
      wire.close();
      from = to = 0;
      return wire.isGone();
    } finally {
      turns.give();
    }
  }

  /** Looks whether the other side of an idle channel has closed it; says so once. */
  boolean hasIdleEnd() {
    if (!wire.isFreshWhenReopened() || !turns.takeNow()) {
      return false;
    }
    try {
      if (!wire.isOpen() || stillConnected(false)) {
        return false;
      }
      event("closed by the other side");
      wire.close();
      return true;
    } finally {
      turns.give();
    }
  }

  /** Closes the wire for good, now or when the thread that uses it is done. */
  void discard() {
    discarded = true;
    wake();
    closeIfIdle("closed");
  }

  /**
   * The wire went away by itself. What is returned tells so the instruments that have links on it,
   * save the one that is using it now: that one learns it from its operation.
   */
  Runnable lost(String reason) {
    ChannelLink busy = turns.isHeld() ? user : null;
    event("lost: " + reason);
    return () ->
        links.stream()
            .map(link -> link.session)
            .filter(session -> busy == null || session != busy.session)
            .distinct()
            .forEach(session -> session.tellLost(resource.name() + ": " + reason));
  }

  /** Writes into the traces of all who use it, or of who used it last. */
  void event(String what) {
    if (links.isEmpty()) {
      ChannelLink last = user;
      if (last != null) {
        last.trace.event(resource.name(), what);
      }
      return;
    }
    links.stream()
        .map(link -> link.trace)
        .distinct()
        .forEach(trace -> trace.event(resource.name(), what));
  }

  private String shown(int begin, int end) {
    return TraceRing.printable(buffer, begin, Math.min(end, begin + TraceRing.SHOWN));
  }
}
