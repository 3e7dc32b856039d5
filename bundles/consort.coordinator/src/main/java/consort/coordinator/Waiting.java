// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.CallCounts;
import consort.api.ErrorCode;
import consort.api.ErrorKind;
import consort.api.InstrumentException;
import consort.api.Refused;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** The calls of a guard that have no outcome yet, and the count of all. Under the guard's lock. */
final class Waiting {

  /** The most calls that wait. */
  static final int QUEUE = 1000;

  private final String instrument;
  private final Condition condition;
  private final Deque<Pending> queue = new ArrayDeque<>();

  /** Urgent calls that cannot run beside another one just now: the first in the queue. */
  private final Deque<Pending> urgent = new ArrayDeque<>();

  private long sent;
  private long completed;
  private long failed;
  private long timedOut;

  Waiting(String instrument, Condition condition) {
    this.instrument = instrument;
    this.condition = condition;
  }

  /** Puts a call at the end of the queue, an urgent one before all that are not. */
  void add(Pending call) {
    Deque<Pending> line = call.urgent() ? urgent : queue;
    int most = call.urgent() ? UrgentCalls.MOST : QUEUE;
    if (call.isTask(Task.SAFE_STATE)) {
      line.addFirst(call);
      return;
    }
    if (line.size() >= most) {
      throw new Refused(
          ErrorCode.BUSY, "the queue of " + instrument + " is full: " + most + " calls wait");
    }
    line.add(call);
  }

  /** All of them, as they stand now. */
  List<Pending> all() {
    return Stream.concat(urgent.stream(), queue.stream()).toList();
  }

  boolean isEmpty() {
    return size() == 0;
  }

  /** Whether a safe state is the first in the queue: it comes before anything else. */
  boolean hasSafeState() {
    return !urgent.isEmpty() && urgent.peek().isTask(Task.SAFE_STATE);
  }

  int size() {
    return urgent.size() + queue.size();
  }

  /** Takes the first call, which is sent now. */
  Pending take() {
    Pending first = urgent.isEmpty() ? queue.poll() : urgent.poll();
    sent(first);
    return first;
  }

  /** Takes a call out of the queue; false when it is not there. */
  boolean remove(Pending call) {
    return urgent.remove(call) || queue.remove(call);
  }

  /** A call is sent now. */
  void sent(Pending call) {
    sent += call.isOwn() ? 0 : 1;
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
    boolean own = call.isOwn();
    if (outcome instanceof InstrumentException e) {
      failed += own ? 0 : 1;
      timedOut += !own && e.kind() == ErrorKind.TIMED_OUT ? 1 : 0;
      if (e.kind() != ErrorKind.REFUSED) {
        condition.remember(Texts.message(e));
      }
    } else {
      completed += own ? 0 : 1;
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
    while (!isEmpty()) {
      fail(urgent.isEmpty() ? queue.poll() : urgent.poll(), error.get());
    }
  }

  /** Gives every call that waits to write an error of its own. */
  void failWrites(Supplier<InstrumentException> error) {
    for (Pending call : all()) {
      if (!call.reads() && !call.isTask(Task.SAFE_STATE) && remove(call)) {
        fail(call, error.get());
      }
    }
  }

  CallCounts counts() {
    return new CallCounts(sent, completed, failed, timedOut);
  }
}
