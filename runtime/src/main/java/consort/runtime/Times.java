// SPDX-License-Identifier: Apache-2.0
package consort.runtime;

import java.time.Duration;
import java.time.Instant;

/**
 * Says on standard error where the time of a start goes, a line for each part, when the system
 * property {@code consort.times} is {@code true}. For one thread.
 */
final class Times {

  private static final boolean ON = Boolean.getBoolean("consort.times");

  private long last = System.nanoTime();

  /** Begins; what was before is the start of Java, and of the script that starts it. */
  Times() {
    if (ON) {
      ProcessHandle.current()
          .info()
          .startInstant()
          .ifPresent(begin -> print("Java", Duration.between(begin, Instant.now()).toNanos()));
    }
  }

  /** A part ends here. */
  void part(String name) {
    if (ON) {
      long now = System.nanoTime();
      print(name, now - last);
      last = now;
    }
  }

  private static void print(String name, long nanos) {
    System.err.printf("%5d ms  %s%n", nanos / 1_000_000, name);
  }
}
