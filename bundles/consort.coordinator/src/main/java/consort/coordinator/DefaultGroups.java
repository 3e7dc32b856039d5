// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.Instrument;
import consort.api.coordinator.Barrier;
import consort.api.coordinator.Group;
import consort.api.coordinator.GroupResult;
import consort.api.coordinator.Groups;
import java.time.Duration;
import java.util.Set;
import java.util.function.Function;

/** Groups of instruments, of this node and of others. */
final class DefaultGroups implements Groups {

  private final Environment env;
  private final Function<String, Instrument> instruments;

  /**
   * Makes the service.
   *
   * @param instruments finds a {@link Guard} or an {@link consort.api.mesh.Imported}, or refuses
   */
  DefaultGroups(Environment env, Function<String, Instrument> instruments) {
    this.env = env;
    this.instruments = instruments;
  }

  @Override
  public GroupResult run(Group group) {
    return new GroupRun(group, env, instruments).run();
  }

  @Override
  public Barrier barrier(Set<String> participants, Duration timeout, Group.Policy policy) {
    return new NamedBarrier(participants, timeout, policy);
  }
}
