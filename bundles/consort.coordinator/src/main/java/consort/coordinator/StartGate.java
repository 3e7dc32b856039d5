// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.ErrorCode;
import consort.api.Refused;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;

/**
 * Where the drivers' threads of calls that begin together wait for each other. It opens when all
 * that are expected have arrived, and breaks when whoever runs the group says so.
 */
final class StartGate {

  private final Environment env;
  private final Set<Pending> expected = new HashSet<>();
  private final List<Thread> waiting = new ArrayList<>();
  private final Thread runner = Thread.currentThread();
  private long opened;
  private volatile boolean open;
  private volatile String broken;

  /** A gate of a group that the current thread runs. */
  StartGate(Environment env) {
    this.env = env;
  }

  /** Expects a call; before the first one is sent. */
  void expect(Pending call) {
    synchronized (expected) {
      expected.add(call);
    }
  }

  /**
   * Arrives, and waits until the gate opens.
   *
   * @throws Refused when it breaks, or the call's deadline passes: the call is not to be sent
   */
  void arrive(Pending call) {
    List<Thread> free = List.of();
    synchronized (expected) {
      expected.remove(call);
      if (expected.isEmpty() && broken == null) {
        free = open();
      } else {
        waiting.add(Thread.currentThread());
      }
    }
    free.forEach(LockSupport::unpark);
    while (!open && broken == null) {
      long left = call.deadline() - env.nanoTime();
      if (left <= 0 || Thread.currentThread().isInterrupted()) {
        throw notSent(call, "the others did not come in time");
      }
      LockSupport.parkNanos(this, left);
    }
    if (!open) {
      throw notSent(call, broken);
    }
  }

  private static Refused notSent(Pending call, String why) {
    return new Refused(ErrorCode.BARRIER_BROKEN, call + " was not sent: " + why);
  }

  private List<Thread> open() {
    opened = env.nanoTime();
    open = true;
    List<Thread> free = new ArrayList<>(waiting);
    // Last, as whoever runs the group only has new deadlines to look at.
    free.add(runner);
    waiting.clear();
    return free;
  }

  /** Goes on without a call that is not going to arrive. */
  void without(Pending call) {
    List<Thread> free = List.of();
    synchronized (expected) {
      if (expected.remove(call) && expected.isEmpty() && broken == null) {
        free = open();
      }
    }
    free.forEach(LockSupport::unpark);
  }

  /** Breaks; those that wait are told why. An open gate stays open. */
  void breakUp(String why) {
    List<Thread> free;
    synchronized (expected) {
      if (open || broken != null) {
        return;
      }
      broken = why;
      free = List.copyOf(waiting);
      waiting.clear();
    }
    free.forEach(LockSupport::unpark);
  }

  boolean isOpen() {
    return open;
  }

  /** When it opened; only to be asked of an open gate. */
  long opened() {
    return opened;
  }

  /** Whether a call has not arrived yet. */
  boolean isMissing(Pending call) {
    synchronized (expected) {
      return expected.contains(call);
    }
  }
}
