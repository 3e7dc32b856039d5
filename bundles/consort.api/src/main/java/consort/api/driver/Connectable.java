// SPDX-License-Identifier: Apache-2.0
package consort.api.driver;

import org.osgi.annotation.versioning.ConsumerType;

/** A driver instance that talks to its hardware before it is used. */
@ConsumerType
public interface Connectable {

  /**
   * Greets the hardware and asks who it is. Called on the guard's thread after making the instance,
   * and again after the link was lost; it must not change what the hardware is doing.
   *
   * @return who it is; {@link Identity#UNKNOWN} when it cannot tell
   * @throws Exception when the hardware does not answer or is another; tried again later
   */
  Identity connect() throws Exception;
}
