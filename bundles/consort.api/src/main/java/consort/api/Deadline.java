// SPDX-License-Identifier: Apache-2.0
package consort.api;

import java.time.Duration;

/**
 * A point in monotonic time by which something must be over. The guard puts the deadline of a call
 * on the driver's thread; links read it there.
 */
public final class Deadline {

  private static final Duration LONGEST = Duration.ofDays(36_500);
  private static final ThreadLocal<Deadline> CURRENT = new ThreadLocal<>();

  private final long nanos;

  private Deadline(long nanos) {
    this.nanos = nanos;
  }

  /** A deadline this long from now. */
  public static Deadline after(Duration duration) {
    return at(System.nanoTime() + nanos(duration));
  }

  /** A duration in nanoseconds; those of more than a hundred years count as that. */
  public static long nanos(Duration duration) {
    return duration.compareTo(LONGEST) > 0 ? LONGEST.toNanos() : duration.toNanos();
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
}
