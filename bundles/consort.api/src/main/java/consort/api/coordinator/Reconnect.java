// SPDX-License-Identifier: Apache-2.0
package consort.api.coordinator;

import java.time.Duration;

/**
 * How an instrument comes back after its link was lost or connecting failed.
 *
 * @param enabled whether it is tried at all
 * @param first the wait before the first attempt; doubles with each further one
 * @param cap the longest wait
 * @param startup whether the startup commands are sent again; hardware is never re-initialised
 *     silently, so not unless the file says so
 */
public record Reconnect(boolean enabled, Duration first, Duration cap, boolean startup) {

  /** 0.5 s, doubling up to 30 s, without startup commands. */
  public static final Reconnect DEFAULT =
      new Reconnect(true, Duration.ofMillis(500), Duration.ofSeconds(30), false);

  /** Checks that the waits are positive and in order. */
  public Reconnect {
    if (first.isNegative() || first.isZero() || cap.compareTo(first) < 0) {
      throw new IllegalArgumentException(
          "reconnect: " + first + " up to " + cap + " is no back-off");
    }
  }

  /** The wait before an attempt; the first is number 0. */
  public Duration delay(int attempt) {
    Duration delay = first.multipliedBy(1L << Math.min(attempt, 20));
    return delay.compareTo(cap) > 0 ? cap : delay;
  }
}
