// SPDX-License-Identifier: Apache-2.0
package consort.api.coordinator;

import java.util.Objects;

/**
 * What became of one instrument when everything was stopped.
 *
 * @param instrument its name
 * @param outcome what became of it
 * @param text why, in words; empty when it is safe
 */
public record StopResult(String instrument, Outcome outcome, String text) {

  /** What can become of an instrument. */
  public enum Outcome {
    /** It is in its safe state. */
    DONE,
    /** Its driver knows no safe state; nothing was sent. */
    NONE,
    /** It is not connected, or is stopped: nothing can be sent. */
    UNREACHABLE,
    /** It was told, or should have been, and is not known to be safe. */
    FAILED
  }

  /** Checks that nothing is missing. */
  public StopResult {
    Objects.requireNonNull(instrument, "instrument");
    Objects.requireNonNull(outcome, "outcome");
    Objects.requireNonNull(text, "text");
  }
}
