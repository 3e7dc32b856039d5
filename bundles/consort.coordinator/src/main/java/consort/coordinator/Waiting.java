// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.CallCounts;
import consort.api.ErrorCode;
import consort.api.ErrorKind;
import consort.api.InstrumentException;
import consort.api.Refused;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Supplier;

/** The calls of a guard that have no outcome yet, and the count of all. Under the guard's lock. */
final class Waiting {

  /** The most calls that wait. */
  static final int QUEUE = 1000;

  /** The most urgent calls at once. */
  static final int URGENT = 4;

  private final String instrument;
  private final Condition condition;
  private final Deque<Pending> queue = new ArrayDeque<>();
  private final Set<Pending> urgent = new HashSet<>();
  private long sent;
  private long completed;
  private long failed;
  private long timedOut;

  Waiting(String instrument, Condition condition) {
    this.instrument = instrument;
    this.condition = condition;
  }

  /** Puts a call at the end of the queue. */
  void add(Pending call) {
    if (queue.size() >= QUEUE) {
      throw new Refused(
          ErrorCode.BUSY, "the queue of " + instrument + " is full: " + QUEUE + " calls wait");
    }
    queue.add(call);
  }

  boolean isEmpty() {
    return queue.isEmpty();
  }

  int size() {
    return queue.size();
  }

  /** Takes the first call, which is sent now. */
  Pending take() {
    sent++;
    return queue.poll();
  }

  /** Takes a call out of the queue; false when it is not there. */
  boolean remove(Pending call) {
    return queue.remove(call);
  }

  /** Refuses an urgent call beyond the limit. */
  void requireRoomForUrgent() {
    if (urgent.size() >= URGENT) {
      throw new Refused(ErrorCode.BUSY, URGENT + " urgent calls of " + instrument + " are running");
    }
  }

  /** An urgent call is sent now. */
  void begin(Pending call) {
    sent++;
    urgent.add(call);
  }

  boolean isUrgent(Pending call) {
    return urgent.contains(call);
  }

  /** An urgent call is over, or given up. */
  void end(Pending call) {
    urgent.remove(call);
  }

  /** A call was refused before it could wait. */
  void refused() {
    failed++;
  }

  /**
   * Counts and sets the outcome of a call that has none yet.
   *
   * @return whether it is this one
   */
  boolean settle(Pending call, Object outcome) {
    if (call.outcome() != null) {
      return false;
    }
    if (outcome instanceof InstrumentException e) {
      failed++;
      timedOut += e.kind() == ErrorKind.TIMED_OUT ? 1 : 0;
      if (e.kind() != ErrorKind.REFUSED) {
        condition.remember(Texts.message(e));
      }
    } else {
      completed++;
    }
    call.set(outcome);
    return true;
  }

  /** Gives a call that has no outcome yet an error. */
  void fail(Pending call, InstrumentException e) {
    if (settle(call, e)) {
      call.signal();
    }
  }

  /** Gives every call of the queue an error of its own. */
  void failAll(Supplier<InstrumentException> error) {
    while (!queue.isEmpty()) {
      fail(queue.poll(), error.get());
    }
  }

  CallCounts counts() {
    return new CallCounts(sent, completed, failed, timedOut);
  }
}
