// SPDX-License-Identifier: Apache-2.0
package consort.api;

import java.time.Duration;

/**
 * What a call gave.
 *
 * @param value the dynamic value of the command's result type; null for void
 * @param command the command that gave it, for type and unit
 * @param startedNanos {@link System#nanoTime()} when the driver was entered
 * @param endedNanos {@link System#nanoTime()} when it had answered
 */
public record Result(Object value, CommandInfo command, long startedNanos, long endedNanos) {

  /** How long the driver took. */
  public Duration took() {
    return Duration.ofNanos(endedNanos - startedNanos);
  }

  /** The value and its unit, for people. */
  public String text() {
    String text = Values.text(value);
    return command.unit().isEmpty() || text.isEmpty() ? text : text + " " + command.unit();
  }
}
