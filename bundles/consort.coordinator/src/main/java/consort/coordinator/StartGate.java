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
 * Where calls that begin together wait for each other: drivers' threads, and what stands for calls
 * at other nodes. It opens when all that are expected have arrived, and breaks when whoever runs
 * the group says so.
 */
final class StartGate {

  /** Who waits at it; one of these is called, once, without any lock. */
  interface Waiting {
    /** All have arrived. */
    void opened();

    /** Some will not arrive. */
    void broken(String why);
  }

  private final Environment env;
  private final Set<Object> expected = new HashSet<>();
  private final List<Waiting> waiting = new ArrayList<>();
  private final Runnable whenOpen;
  private final Runnable whenArrived;
  private long opened;
  private volatile boolean open;
  private volatile String broken;

  /** A gate of a group that the current thread runs. */
  StartGate(Environment env) {
    this(env, unpark(Thread.currentThread()), () -> {});
  }

  /**
   * A gate.
   *
   * @param whenOpen is run when it has opened
   * @param whenArrived is run when a driver's thread has arrived and has to wait
   */
  StartGate(Environment env, Runnable whenOpen, Runnable whenArrived) {
    this.env = env;
    this.whenOpen = whenOpen;
    this.whenArrived = whenArrived;
  }

  private static Runnable unpark(Thread thread) {
    return () -> LockSupport.unpark(thread);
  }

  /** Expects somebody; before the first call is sent. */
  void expect(Object participant) {
    synchronized (expected) {
      expected.add(participant);
    }
  }

  /**
   * Arrives, and waits until the gate opens.
   *
   * @throws Refused when it breaks, or the call's deadline passes: the call is not to be sent
   */
  void arrive(Pending call) {
    arrive(call, new Parked(Thread.currentThread()));
    if (!open) {
      whenArrived.run();
    }
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

  /** Arrives for a call that is elsewhere. */
  void arrive(Object participant, Waiting who) {
    List<Waiting> free = List.of();
    String why;
    synchronized (expected) {
      expected.remove(participant);
      why = broken;
      if (why == null) {
        waiting.add(who);
        if (expected.isEmpty()) {
          free = open();
        }
      }
    }
    if (why != null) {
      who.broken(why);
    }
    tell(free);
  }

  /** A driver's thread. */
  private record Parked(Thread thread) implements Waiting {
    @Override
    public void opened() {
      LockSupport.unpark(thread);
    }

    @Override
    public void broken(String why) {
      LockSupport.unpark(thread);
    }
  }

  static Refused notSent(Object call, String why) {
    return new Refused(ErrorCode.BARRIER_BROKEN, call + " was not sent: " + why);
  }

  private List<Waiting> open() {
    opened = env.nanoTime();
    open = true;
    // Those at other nodes first: their signal has the longer way.
    List<Waiting> free = new ArrayList<>(waiting.size());
    waiting.stream().filter(who -> !(who instanceof Parked)).forEach(free::add);
    waiting.stream().filter(Parked.class::isInstance).forEach(free::add);
    waiting.clear();
    return free;
  }

  private void tell(List<Waiting> free) {
    free.forEach(Waiting::opened);
    if (!free.isEmpty()) {
      // Last, as whoever runs the group only has new deadlines to look at.
      whenOpen.run();
    }
  }

  /** Goes on without somebody who is not going to arrive. */
  void without(Object participant) {
    List<Waiting> free = List.of();
    synchronized (expected) {
      if (expected.remove(participant) && expected.isEmpty() && broken == null) {
        free = open();
      }
    }
    tell(free);
  }

  /** Breaks; those that wait are told why. An open gate stays open. */
  void breakUp(String why) {
    List<Waiting> free;
    synchronized (expected) {
      if (open || broken != null) {
        return;
      }
      broken = why;
      free = List.copyOf(waiting);
      waiting.clear();
    }
    free.forEach(who -> who.broken(why));
  }

  boolean isOpen() {
    return open;
  }

  /** When it opened; only to be asked of an open gate. */
  long opened() {
    return opened;
  }

  /** Whether somebody has not arrived yet. */
  boolean isMissing(Object participant) {
    synchronized (expected) {
      return expected.contains(participant);
    }
  }
}
