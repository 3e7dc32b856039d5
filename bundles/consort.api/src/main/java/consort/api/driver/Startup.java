// SPDX-License-Identifier: Apache-2.0
package consort.api.driver;

import java.util.List;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * A driver instance that sends the startup commands itself: after lines of its own, as it ends
 * lines, or over a link that is its own. Without it the runtime sends them.
 */
@ConsumerType
public interface Startup {

  /**
   * Sets the hardware up. Called on the guard's thread after connecting, where startup commands are
   * due: after the first connect, again after a lost link only where the instrument's file asks for
   * it, and not when the driver is exchanged.
   *
   * @param lines the startup commands of the instrument's file, in order; may be empty
   * @throws Exception when the hardware does not take them; connecting is tried again later
   */
  void startup(List<String> lines) throws Exception;
}
