// SPDX-License-Identifier: Apache-2.0
package consort.api.coordinator;

import java.time.Duration;
import java.time.Instant;
import java.util.Locale;

/**
 * How the exchange of the driver instance of one instrument ended.
 *
 * @param instrument the name of the instrument
 * @param at when it ended
 * @param driver the name of the driver
 * @param from the version of the bundle it had, {@code 1.0.0}
 * @param to the version of the bundle it was to get; equal to {@code from} for a changed file
 * @param bundle the id of the bundle it was to get
 * @param result how it ended
 * @param reason why it was taken back or failed; else a note, such as a state that was not handed
 *     over; may be empty
 * @param selfTest what the new instance found when it tested itself; empty when it has no test
 * @param stateHandedOver whether the instance in use took over what the old one had saved
 * @param callsHeld how many calls waited for it
 * @param times how long it took
 */
public record SwapOutcome(
    String instrument,
    Instant at,
    String driver,
    String from,
    String to,
    long bundle,
    Result result,
    String reason,
    String selfTest,
    boolean stateHandedOver,
    int callsHeld,
    Times times) {

  /** How an exchange ends. */
  public enum Result {
    /** The new instance serves. */
    DONE,
    /** The old version serves again. */
    TAKEN_BACK,
    /** Neither works now. */
    FAILED;

    /** For people: {@code taken back}. */
    public String text() {
      return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
  }

  /**
   * How long the steps took. Those of a step that was not reached are zero; create and later are
   * those of the last instance that was tried.
   *
   * @param drain until the running call was over
   * @param save saving the state
   * @param close closing the old instance
   * @param create making the new one
   * @param connect connecting it, with startup commands and delay
   * @param verify its identity and self-test
   * @param restore giving it the state
   * @param held from the end of the last call of the old instance until calls are let in again
   */
  public record Times(
      Duration drain,
      Duration save,
      Duration close,
      Duration create,
      Duration connect,
      Duration verify,
      Duration restore,
      Duration held) {}

  /** {@code 1.0.0 to 1.1.0: done in 12 ms}; {@code taken back because …}. */
  @Override
  public String toString() {
    String what = from + " to " + to + ": " + result.text();
    String why = result == Result.DONE ? ", " : " because ";
    return what
        + (result == Result.DONE ? " in " + millis(times.held()) : "")
        + (reason.isEmpty() ? "" : why + reason);
  }

  private static String millis(Duration time) {
    double millis = time.toNanos() / 1e6;
    return String.format(Locale.ROOT, millis < 10 ? "%.1f ms" : "%.0f ms", millis);
  }
}
