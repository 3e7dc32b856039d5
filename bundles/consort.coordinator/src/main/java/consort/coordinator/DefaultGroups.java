// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.coordinator.Barrier;
import consort.api.coordinator.Group;
import consort.api.coordinator.GroupResult;
import consort.api.coordinator.Groups;
import java.time.Duration;
import java.util.Set;
import java.util.function.Function;

/** Groups of this node's instruments. */
final class DefaultGroups implements Groups {

  private final Environment env;
  private final Function<String, Guard> guards;

  DefaultGroups(Environment env, Function<String, Guard> guards) {
    this.env = env;
    this.guards = guards;
  }

  @Override
  public GroupResult run(Group group) {
    return new GroupRun(group, env, guards).run();
  }

  @Override
  public Barrier barrier(Set<String> participants, Duration timeout, Group.Policy policy) {
    return new NamedBarrier(participants, timeout, policy);
  }
}
