// SPDX-License-Identifier: Apache-2.0
package consort.api.coordinator;

import java.util.Set;
import org.osgi.annotation.versioning.ProviderType;

/**
 * The point that no participant passes before all have arrived. It can be passed again and again.
 * Safe for threads.
 */
@ProviderType
public interface Barrier {

  /**
   * Arrives and waits for the others.
   *
   * @return those that did not come and are not waited for any more; empty when all came. Not empty
   *     only with the policy {@link Group.Policy#CONTINUE}
   * @throws consort.api.Refused with the code {@code barrier_broken} when one did not come within
   *     the timeout, or left; the message names it. From then on everybody gets it
   * @throws IllegalArgumentException when this is none of the participants, or is waiting already
   */
  Set<String> arrive(String participant);

  /** Leaves for good: the others get an error, or go on without it, as the policy says. */
  void leave(String participant, String why);
}
