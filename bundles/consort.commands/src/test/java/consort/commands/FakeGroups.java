// SPDX-License-Identifier: Apache-2.0
package consort.commands;

import consort.api.ErrorCode;
import consort.api.InstrumentException;
import consort.api.Refused;
import consort.api.coordinator.Barrier;
import consort.api.coordinator.Group;
import consort.api.coordinator.GroupResult;
import consort.api.coordinator.Groups;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Runs the steps of a group one after the other, and ends with the first that fails. */
final class FakeGroups implements Groups {

  private final FakeNode node;
  Group last;

  FakeGroups(FakeNode node) {
    this.node = node;
  }

  @Override
  public GroupResult run(Group group) {
    last = group;
    List<GroupResult.Outcome> outcomes = new ArrayList<>();
    InstrumentException failure = null;
    for (int block = 0; block < group.blocks().size(); block++) {
      for (Group.Step step : group.blocks().get(block)) {
        InstrumentException error =
            failure == null ? null : new Refused(ErrorCode.BARRIER_BROKEN, "it was not sent");
        try {
          if (error == null) {
            outcomes.add(
                new GroupResult.Outcome(
                    block, step, node.require(step.instrument()).call(step.call()), null));
            continue;
          }
        } catch (InstrumentException e) {
          error = e;
          failure =
              new Refused(
                  ErrorCode.BARRIER_BROKEN,
                  step.instrument() + " left the group: " + e.getMessage());
        }
        outcomes.add(new GroupResult.Outcome(block, step, null, error));
      }
    }
    return new GroupResult(outcomes, false, failure);
  }

  @Override
  public Barrier barrier(Set<String> participants, Duration timeout, Group.Policy policy) {
    throw new UnsupportedOperationException();
  }
}
