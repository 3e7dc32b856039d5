// SPDX-License-Identifier: Apache-2.0
package consort.api.driver;

import org.osgi.annotation.versioning.ConsumerType;

/** A driver instance that can tell whether it works before it is given calls. */
@ConsumerType
public interface SelfTest {

  /**
   * Tests the instance against its hardware, without changing what the hardware is doing. Called on
   * the guard's thread after connecting, when the instance takes the place of another one; counts
   * for the limit of starting.
   *
   * @return what was found, for people; may be empty
   * @throws Exception when it does not work; then the old driver comes back
   */
  String selfTest() throws Exception;
}
