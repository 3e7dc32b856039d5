// SPDX-License-Identifier: Apache-2.0
package consort.api.driver;

import org.osgi.annotation.versioning.ConsumerType;

/** A driver instance that can bring its hardware into a state that harms nothing. */
@ConsumerType
public interface SafeState {

  /**
   * Brings the hardware into its safe state: output off, axis stopped. Called when everything is
   * stopped, or when an instrument that this one requires is lost; on a thread of its own, beside a
   * running call, like an urgent command. Calling it again does no harm. It must be short: the
   * caller waits a few seconds.
   *
   * @throws Exception when it cannot be said that the hardware is safe
   */
  void safeState() throws Exception;
}
