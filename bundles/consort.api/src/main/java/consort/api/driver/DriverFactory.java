// SPDX-License-Identifier: Apache-2.0
package consort.api.driver;

import consort.api.ParameterInfo;
import java.util.List;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Makes one driver instance per instrument. A driver bundle publishes one as an OSGi service with
 * the property {@link #NAME}; it publishes nothing else and exports no package.
 */
@ConsumerType
public interface DriverFactory {

  /** The service property with the name of the driver: {@code keysight.dmm}. */
  String NAME = "consort.driver";

  /** The settings the driver takes; see {@link Setup#schema} for one made of a record. */
  default List<ParameterInfo> settings() {
    return List.of();
  }

  /**
   * Makes an instance: a {@link Driver}, or any object that implements interfaces marked {@link
   * InstrumentType}. It may also be {@link Connectable} and {@link AutoCloseable}. Called on the
   * guard's thread; all later calls of the instance come one at a time, save urgent commands.
   *
   * @throws Exception when it cannot be made; the message is shown to people
   */
  Object create(Setup setup) throws Exception;
}
