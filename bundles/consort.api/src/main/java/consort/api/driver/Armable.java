// SPDX-License-Identifier: Apache-2.0
package consort.api.driver;

import java.util.Map;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * A driver instance that can prepare a command so that beginning it is one short step. Used where
 * several instruments begin together; a driver without it is simply called at that instant.
 */
@ConsumerType
public interface Armable {

  /**
   * Prepares a command; the hardware must not begin yet. Called on the guard's thread. After it
   * either {@link #trigger} or {@link #disarm} comes.
   *
   * @return false when this command cannot be prepared: then it is called as usual
   * @throws Exception when preparing fails; nothing has begun
   */
  boolean arm(String command, Map<String, Object> arguments) throws Exception;

  /**
   * Begins what was prepared, and gives its result as the command would.
   *
   * @throws Exception as the command would
   */
  Object trigger() throws Exception;

  /**
   * Takes back what was prepared: another participant did not come.
   *
   * @throws Exception when the hardware does not answer
   */
  void disarm() throws Exception;
}
