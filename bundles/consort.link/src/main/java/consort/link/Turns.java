// SPDX-License-Identifier: Apache-2.0
package consort.link;

import consort.link.Wire.Overdue;
import consort.link.Wire.Stopped;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.locks.LockSupport;

/**
 * Who may use a channel: one thread at a time, first come, first served. A thread may take its turn
 * again while it has it. Unlike a lock of the JDK, waiting ends through {@link #wake} and not by an
 * interrupt.
 */
final class Turns {

  private static final class Waiter {
    private final Thread thread = Thread.currentThread();
    private boolean served;
  }

  private final Queue<Waiter> waiting = new ArrayDeque<>();
  private Thread holder;
  private int depth;

  /** Waits for the turn; true when it is a new one, false when the thread has it already. */
  boolean take(Limit limit) throws Overdue, Stopped {
    Waiter waiter;
    synchronized (this) {
      Thread me = Thread.currentThread();
      if (holder == me) {
        depth++;
        return false;
      }
      if (holder == null) {
        holder = me;
        depth = 1;
        return true;
      }
      waiter = new Waiter();
      waiting.add(waiter);
    }
    await(waiter, limit);
    return true;
  }

  /** Takes the turn when nobody has it. */
  synchronized boolean takeNow() {
    if (holder != null) {
      return false;
    }
    holder = Thread.currentThread();
    depth = 1;
    return true;
  }

  /** Gives the turn to the next; true when this thread no longer has it. */
  boolean give() {
    Waiter next;
    synchronized (this) {
      if (--depth > 0) {
        return false;
      }
      next = waiting.poll();
      if (next == null) {
        holder = null;
        return true;
      }
      holder = next.thread;
      depth = 1;
      next.served = true;
    }
    LockSupport.unpark(next.thread);
    return true;
  }

  /** Makes all that wait look again whether they should. */
  synchronized void wake() {
    waiting.forEach(waiter -> LockSupport.unpark(waiter.thread));
  }

  synchronized boolean isHeld() {
    return holder != null;
  }

  private void await(Waiter waiter, Limit limit) throws Overdue, Stopped {
    try {
      while (true) {
        long left = limit.left();
        synchronized (this) {
          if (waiter.served) {
            return;
          }
        }
        LockSupport.parkNanos(this, left);
        limit.setInterruptAside();
      }
    } catch (Overdue | Stopped e) {
      if (!leave(waiter)) {
        give();
      }
      throw e;
    }
  }

  /** Stops waiting; false when the turn had come in the meantime. */
  private synchronized boolean leave(Waiter waiter) {
    return waiting.remove(waiter);
  }
}
