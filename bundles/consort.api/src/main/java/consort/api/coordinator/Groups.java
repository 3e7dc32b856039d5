// SPDX-License-Identifier: Apache-2.0
package consort.api.coordinator;

import java.time.Duration;
import java.util.Set;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Runs calls of several instruments together. An OSGi service. All methods may be called by any
 * thread.
 *
 * <p>Groups may be nested: a driver that calls other instruments may run a group of its own. An
 * inner group that names an instrument which waits for the outer one waits for itself, and fails
 * when its timeout has passed.
 */
@ProviderType
public interface Groups {

  /**
   * Runs a group and waits until it is over; never longer than its timeouts and the deadlines of
   * its calls. What happened to each step stands in the result; nothing of it is thrown.
   *
   * @throws consort.api.Refused when an instrument of the group does not exist; nothing was sent
   */
  GroupResult run(Group group);

  /**
   * A barrier for participants that come by themselves, each on its own thread.
   *
   * @param participants their names, instruments or not
   * @param timeout how long the first to arrive waits for the last
   * @param policy what happens when one does not come
   */
  Barrier barrier(Set<String> participants, Duration timeout, Group.Policy policy);
}
