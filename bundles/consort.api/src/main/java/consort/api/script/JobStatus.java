// SPDX-License-Identifier: Apache-2.0
package consort.api.script;

import java.util.Locale;
import java.util.Objects;

/**
 * How a job is doing.
 *
 * @param id its id
 * @param type {@code measure}, {@code sleep} or what was asked for
 * @param state its state
 * @param by the name of who submitted it
 * @param createdMs when it was submitted, ms since the epoch
 * @param startedMs when it began, ms since the epoch; 0 while it has not
 * @param finishedMs when it was over, ms since the epoch; 0 while it is not
 * @param error why it failed or was canceled; empty otherwise
 */
public record JobStatus(
    String id,
    String type,
    State state,
    String by,
    long createdMs,
    long startedMs,
    long finishedMs,
    String error) {

  /** The states of a job. */
  public enum State {
    /** It waits for its turn. */
    QUEUED,
    /** It runs. */
    RUNNING,
    /** It is over and gave a result. */
    COMPLETED,
    /** It is over and went wrong. */
    FAILED,
    /** It runs, and was told to end. */
    CANCELING,
    /** It was ended before it was through. */
    CANCELED;

    /** Whether nothing comes after it. */
    public boolean isOver() {
      return this == COMPLETED || this == FAILED || this == CANCELED;
    }

    /** The state as it is written on wires. */
    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Checks. */
  public JobStatus {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(type, "type");
    Objects.requireNonNull(state, "state");
    Objects.requireNonNull(by, "by");
    Objects.requireNonNull(error, "error");
  }
}
