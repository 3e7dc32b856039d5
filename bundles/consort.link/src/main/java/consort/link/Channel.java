// SPDX-License-Identifier: Apache-2.0
package consort.link;

import consort.link.Wire.Overdue;
import java.io.IOException;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArraySet;

/**
 * One piece of hardware's bytes: a wire, whose turn it is, and what was received and not yet read.
 * It outlives the links that use it. All methods that take a {@link Limit} are for the thread that
 * has the turn.
 */
final class Channel {

  /** The wire could not be opened, so certainly nothing was sent. */
  static final class NotOpened extends IOException {
    private static final long serialVersionUID = 1L;

    NotOpened(IOException cause) {
      super(cause.getMessage(), cause);
    }
  }

  /** How long an answer that is overdue is waited for, and how long draining goes on. */
  private static final long PATIENCE_NANOS = 1_000_000_000;

  private static final int LONGEST_DROP = 1 << 20;

  final Resource resource;
  final Received received;
  private final Wire wire;
  private final long quietNanos;
  final Turns turns = new Turns();
  final Set<ChannelLink> links = new CopyOnWriteArraySet<>();

  /** A question is unanswered, or answered in part: another one must not be sent as it is. */
  private volatile boolean dirty;

  /** An answer that did not come may still come. */
  private volatile boolean expecting;

  private volatile long silentSince = System.nanoTime();

  private volatile boolean reopen;
  private volatile boolean discarded;
  private volatile ChannelLink user;
  private boolean sent;
  volatile long idleSince = System.nanoTime();

  Channel(Resource resource, Wire wire, long quietNanos) {
    this.resource = resource;
    this.wire = wire;
    this.received =
        new Received(
            wire, (bytes, from, to) -> user.trace.received(resource.name(), bytes, from, to));
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
        received.clear();
      }
    }
  }

  void end() {
    received.relax();
    idleSince = System.nanoTime();
    if (turns.give() && discarded) {
      discard();
    }
  }

  /**
   * Puts it out of step, if it is not already; then the wait that has begun goes on.
   *
   * @param owing whether an answer is still to come
   */
  void setDirty(boolean owing) {
    if (!dirty) {
      silentSince = System.nanoTime();
      expecting = owing;
      dirty = true;
    }
  }

  /** Whether the time was over before the channel was in step, so that nothing was sent. */
  boolean isStillOutOfStep() {
    return dirty && !sent;
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
    received.clear();
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
    received.clear();
    if (reopen || wire.isFreshWhenReopened()) {
      wire.close();
    }
    reopen = false;
    boolean fresh = !wire.isOpen();
    if (fresh) {
      open(limit);
    }
    if (!wire.isFreshWhenReopened()) {
      drain(limit);
    }
    dirty = false;
    event("resynchronised: " + (fresh ? "opened anew" : "drained"));
  }

  /**
   * Waits until an overdue answer has come, or surely does not come any more, and then for silence.
   * Where the time is not enough, the next drain goes on where this one ended.
   */
  private void drain(Limit limit) throws IOException {
    long end = System.nanoTime() + PATIENCE_NANOS;
    while (true) {
      long now = System.nanoTime();
      long left = silentSince + (expecting ? PATIENCE_NANOS : quietNanos) - now;
      if (now - end >= 0 && !expecting) {
        event("still talking after 1 s of draining");
        return;
      }
      try {
        received.drop(limit.atMost(Math.max(left, 1)));
        silentSince = System.nanoTime();
        expecting = false;
      } catch (Overdue e) {
        limit.left();
        return;
      }
    }
  }

  /**
   * Sends bytes. A question drops what was received before it. A channel that the other side has
   * closed is opened anew, when nothing was sent in this transaction.
   */
  void send(byte[] bytes, boolean question, Limit limit) throws IOException {
    if (!stillConnected(question)) {
      event(Received.CLOSED);
      wire.close();
      if (sent) {
        throw new IOException(Received.CLOSED);
      }
      open(limit);
    }
    sent = true;
    user.trace.sent(resource.name(), bytes);
    wire.write(bytes, limit);
  }

  /** Looks whether the other side is still there, which may bring bytes; a question drops them. */
  private boolean stillConnected(boolean question) {
    int dropped = 0;
    try {
      while (dropped < LONGEST_DROP) {
        if (question && received.size() > 0) {
          dropped += received.size();
          event("dropped, as nobody had asked: " + Lines.shown(received.toString()));
          received.clear();
        }
        int count = received.takeIn();
        if (count <= 0 || !question) {
          return count >= 0;
        }
      }
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** An answer that has no other end than silence. */
  byte[] untilQuiet(Lines lines, Limit limit) throws IOException {
    return received.untilQuiet(lines.terminator(), lines.longest(), quietNanos, limit);
  }

  void clear() throws IOException {
    received.clear();
    if (wire.isOpen() && !stillConnected(true)) {
      event(Received.CLOSED);
      wire.close();
    }
  }

  /** After a failed operation: a wire that is fresh when reopened is of no more use. */
  void failed(boolean broken, boolean owing, String event) {
    received.giveUp();
    event(event);
    setDirty(owing);
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
      received.clear();
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
      event(Received.CLOSED);
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
}
