// SPDX-License-Identifier: Apache-2.0
package consort.api.driver;

import org.osgi.annotation.versioning.ConsumerType;

/** A driver instance that can tell cheaply whether its hardware is well. */
@ConsumerType
public interface HealthCheck {

  /**
   * Looks whether the hardware is well. Called on the guard's thread where the instrument's file
   * asks for it: after connecting, and at intervals in which nobody has called. It must change
   * nothing and be quick: a caller that comes meanwhile waits for it, and it has 2 s.
   *
   * @throws Exception when it is not well; {@link consort.api.Unreachable} when the link is lost
   */
  void check() throws Exception;
}
