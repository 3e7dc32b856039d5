// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.InstrumentException;
import consort.api.coordinator.Group;

/** A step whose instrument is at this node. */
record LocalStep(Group.Step step, Guard guard, Pending call) implements GroupStep {

  @Override
  public void submit() {
    try {
      guard.submit(call);
    } catch (InstrumentException e) {
      call.set(e);
    }
  }

  @Override
  public Object outcome() {
    return call.outcome();
  }

  @Override
  public long deadline() {
    return call.deadline();
  }

  @Override
  public void expire() {
    guard.expire(call);
  }

  @Override
  public void cancel(String why) {
    guard.cancel(call, why);
  }
}
