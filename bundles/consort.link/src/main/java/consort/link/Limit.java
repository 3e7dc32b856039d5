// SPDX-License-Identifier: Apache-2.0
package consort.link;

import consort.link.Wire.Overdue;
import consort.link.Wire.Stopped;
import java.util.function.BooleanSupplier;

/**
 * How long one operation may wait, and whether somebody ended it. An interrupt ends nothing; it is
 * put aside while waiting, as it would turn every wait into none, and given back by {@link #close}.
 */
final class Limit implements AutoCloseable {

  private final long started = System.nanoTime();
  private final long deadline;
  private final BooleanSupplier stop;
  private final Limit outer;
  private boolean interrupted;

  /**
   * @param deadline a value of {@link System#nanoTime}
   * @param stop asked after each wake
   */
  Limit(long deadline, BooleanSupplier stop) {
    this(deadline, stop, null);
  }

  private Limit(long deadline, BooleanSupplier stop, Limit outer) {
    this.deadline = deadline;
    this.stop = stop;
    this.outer = outer;
  }

  /** The same, or a nearer deadline this many nanoseconds from now. */
  Limit atMost(long nanos) {
    long nearer = System.nanoTime() + nanos;
    return new Limit(nearer - deadline < 0 ? nearer : deadline, stop, this);
  }

  /** Nanoseconds left, at least 1. */
  long left() throws Overdue, Stopped {
    if (stop.getAsBoolean()) {
      throw new Stopped();
    }
    long left = deadline - System.nanoTime();
    if (left <= 0) {
      throw new Overdue();
    }
    return left;
  }

  /** Nanoseconds between its beginning and its deadline. */
  long length() {
    return Math.max(0, deadline - started);
  }

  void setInterruptAside() {
    if (outer == null) {
      interrupted |= Thread.interrupted();
    } else {
      outer.setInterruptAside();
    }
  }

  @Override
  public void close() {
    if (interrupted) {
      interrupted = false;
      Thread.currentThread().interrupt();
    }
  }
}
