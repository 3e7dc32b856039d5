// SPDX-License-Identifier: Apache-2.0
package consort.api;

import java.time.Duration;

/**
 * A point in monotonic time by which something must be over. The guard puts the deadline of a call
 * on the driver's thread; links read it there.
 */
public final class Deadline {

  private static final ThreadLocal<Deadline> CURRENT = new ThreadLocal<>();

  private final long nanos;

  private Deadline(long nanos) {
    this.nanos = nanos;
  }

  /** A deadline this long from now. */
  public static Deadline after(Duration duration) {
    return at(System.nanoTime() + Math.min(saturated(duration), Long.MAX_VALUE / 2));
  }

  /** A deadline at a value of {@link System#nanoTime()}. */
  public static Deadline at(long nanoTime) {
    return new Deadline(nanoTime);
  }

  /** The deadline of the call this thread is running, or one of {@code otherwise} from now. */
  public static Deadline current(Duration otherwise) {
    Deadline current = CURRENT.get();
    return current == null ? after(otherwise) : current;
  }

  /** Puts a deadline on this thread, or takes it off with null. For the guard, and for tests. */
  public static void set(Deadline deadline) {
    if (deadline == null) {
      CURRENT.remove();
    } else {
      CURRENT.set(deadline);
    }
  }

  /** The value of {@link System#nanoTime()} it falls on. */
  public long nanoTime() {
    return nanos;
  }

  /** Nanoseconds left; zero or less when it has passed. */
  public long remainingNanos() {
    return nanos - System.nanoTime();
  }

  /** Time left, never negative. */
  public Duration remaining() {
    return Duration.ofNanos(Math.max(0, remainingNanos()));
  }

  /** Whether it has passed. */
  public boolean passed() {
    return remainingNanos() <= 0;
  }

  private static long saturated(Duration duration) {
    return duration.getSeconds() >= Long.MAX_VALUE / 2_000_000_000L
        ? Long.MAX_VALUE / 2
        : duration.toNanos();
  }
}
