// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.Deadline;
import consort.api.ErrorCode;
import consort.api.Refused;
import consort.api.coordinator.Barrier;
import consort.api.coordinator.Group;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;

/** A cyclic barrier that knows its participants by name, so that it can say who is missing. */
final class NamedBarrier implements Barrier {

  private final Set<String> participants;
  private final Duration timeout;
  private final Group.Policy policy;
  private final Set<String> arrived = new TreeSet<>();
  private final Set<String> left = new TreeSet<>();
  private long round;
  private long closes;
  private String broken;

  NamedBarrier(Set<String> participants, Duration timeout, Group.Policy policy) {
    this.participants = Set.copyOf(participants);
    this.timeout = timeout;
    this.policy = policy;
  }

  @Override
  public synchronized Set<String> arrive(String participant) {
    if (!participants.contains(participant)) {
      throw new IllegalArgumentException(participant + " is no participant of this barrier");
    }
    requireWhole();
    if (left.contains(participant)) {
      throw new Refused(
          ErrorCode.BARRIER_BROKEN,
          participant + " came too late: the others have gone on without it");
    }
    if (!arrived.add(participant)) {
      throw new IllegalArgumentException(participant + " waits at this barrier already");
    }
    if (arrived.size() == 1) {
      closes = System.nanoTime() + Deadline.nanos(timeout);
    }
    long mine = round;
    passIfComplete();
    while (mine == round && !left.contains(participant)) {
      requireWhole();
      long rest = closes - System.nanoTime();
      if (rest <= 0) {
        giveUpMissing();
      } else {
        await(rest, participant);
      }
    }
    if (left.contains(participant)) {
      requireWhole();
      throw new Refused(
          ErrorCode.BARRIER_BROKEN, participant + " has left; the others go on without it");
    }
    return Set.copyOf(left);
  }

  private void await(long nanos, String participant) {
    try {
      wait(nanos / 1_000_000, (int) (nanos % 1_000_000));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      leave(participant, "it was interrupted");
    }
  }

  private void requireWhole() {
    if (broken != null) {
      throw new Refused(ErrorCode.BARRIER_BROKEN, broken);
    }
  }

  private void giveUpMissing() {
    Set<String> missing = new TreeSet<>(participants);
    missing.removeAll(left);
    missing.removeAll(arrived);
    String limit = Texts.seconds(Deadline.nanos(timeout));
    missing.forEach(one -> without(one, "did not come within " + limit));
  }

  @Override
  public synchronized void leave(String participant, String why) {
    if (participants.contains(participant) && !left.contains(participant)) {
      arrived.remove(participant);
      without(participant, "left: " + why);
    }
  }

  private void without(String participant, String why) {
    left.add(participant);
    notifyAll();
    if (policy == Group.Policy.ABORT) {
      broken = broken == null ? participant + " " + why : broken;
    } else {
      passIfComplete();
    }
  }

  private void passIfComplete() {
    if (arrived.size() + left.size() == participants.size()) {
      arrived.clear();
      round++;
      notifyAll();
    }
  }
}
