// SPDX-License-Identifier: Apache-2.0
package consort.api.coordinator;

import consort.api.InstrumentException;
import consort.api.Result;
import java.time.Duration;
import java.util.List;

/**
 * What a group gave: one outcome for each step, in the order of the group.
 *
 * @param outcomes the outcomes
 * @param degraded whether a participant failed and the others went on without it
 * @param failure why the group ended before its time, naming the participant; null when it did not
 */
public record GroupResult(List<Outcome> outcomes, boolean degraded, InstrumentException failure) {

  /** Copies. */
  public GroupResult {
    outcomes = List.copyOf(outcomes);
  }

  /**
   * The outcome of a step: a result or an error, never both.
   *
   * @param block the block it belongs to, from 0
   * @param step the step
   * @param result its result with the monotonic times of its begin and end; null when it failed
   * @param error why it failed; null when it did not
   */
  public record Outcome(int block, Group.Step step, Result result, InstrumentException error) {}

  /** Whether every step gave a result. */
  public boolean succeeded() {
    return outcomes.stream().allMatch(outcome -> outcome.error() == null);
  }

  /**
   * Throws what ended the group, or the first error of a step.
   *
   * @return this result when there is nothing to throw
   */
  public GroupResult orThrow() {
    if (failure != null) {
      throw failure;
    }
    outcomes.stream()
        .filter(outcome -> outcome.error() != null)
        .findFirst()
        .ifPresent(
            outcome -> {
              throw outcome.error();
            });
    return this;
  }

  /**
   * The time between the first and the last begin of a block.
   *
   * @return zero for a block with fewer than two results
   */
  public Duration skew(int block) {
    var begins =
        outcomes.stream()
            .filter(outcome -> outcome.block() == block && outcome.result() != null)
            .mapToLong(outcome -> outcome.result().startedNanos())
            .summaryStatistics();
    return begins.getCount() < 2
        ? Duration.ZERO
        : Duration.ofNanos(begins.getMax() - begins.getMin());
  }
}
