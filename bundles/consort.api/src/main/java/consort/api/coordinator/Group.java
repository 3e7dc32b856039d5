// SPDX-License-Identifier: Apache-2.0
package consort.api.coordinator;

import consort.api.Call;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Calls that belong together: blocks of steps with a barrier after each. The steps of a block run
 * at once; two steps of one instrument stay in order. No step of a block begins before every step
 * of the block before it is over.
 *
 * @param blocks the blocks, in order
 * @param together whether the first step of each instrument in a block waits until all of them are
 *     ready to begin, and then begins with them
 * @param policy what happens when a participant fails
 * @param timeout how long participants are waited for: at each start together, and at each barrier
 *     on top of the deadlines of the calls
 */
public record Group(List<List<Step>> blocks, boolean together, Policy policy, Duration timeout) {

  /** How long participants are waited for unless the group says otherwise. */
  public static final Duration TIMEOUT = Duration.ofSeconds(10);

  /** What happens when a participant is dead, late, or refuses. */
  public enum Policy {
    /** The group ends for everybody with an error that names the participant. */
    ABORT,
    /** The others go on without it, and the result is marked degraded. */
    CONTINUE
  }

  /** One call of one instrument. */
  public record Step(String instrument, Call call) {
    /** A step with positional arguments. */
    public static Step of(String instrument, String command, Object... arguments) {
      return new Step(instrument, Call.of(command, arguments));
    }
  }

  /** Checks and copies. */
  public Group {
    blocks = blocks.stream().map(List::copyOf).toList();
    if (blocks.isEmpty() || blocks.stream().anyMatch(List::isEmpty)) {
      throw new IllegalArgumentException("a group, and each of its blocks, has a step");
    }
    if (timeout.isNegative() || timeout.isZero()) {
      throw new IllegalArgumentException("the timeout " + timeout + " is not positive");
    }
  }

  /** Steps that run at once, each as soon as its instrument is free. */
  public static Group parallel(Step... steps) {
    return new Group(List.of(List.of(steps)), false, Policy.ABORT, TIMEOUT);
  }

  /** Steps that begin at one instant: all are made ready, then all begin. */
  public static Group startTogether(Step... steps) {
    return new Group(List.of(List.of(steps)), true, Policy.ABORT, TIMEOUT);
  }

  /** This group, a barrier, and then these steps. */
  public Group barrier(Step... steps) {
    List<List<Step>> more = new ArrayList<>(blocks);
    more.add(List.of(steps));
    return new Group(more, together, policy, timeout);
  }

  /** This group with another policy. */
  public Group policy(Policy other) {
    return new Group(blocks, together, other, timeout);
  }

  /** This group with another timeout. */
  public Group within(Duration other) {
    return new Group(blocks, together, policy, other);
  }
}
