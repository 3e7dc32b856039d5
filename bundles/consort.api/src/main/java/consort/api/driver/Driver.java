// SPDX-License-Identifier: Apache-2.0
package consort.api.driver;

import consort.api.InstrumentInfo;
import java.util.Map;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * A driver whose commands are data. It may also be {@link Connectable} and {@link AutoCloseable}.
 */
@ConsumerType
public interface Driver {

  /** What it can do. Asked once, after connecting. */
  InstrumentInfo info();

  /**
   * Runs a command. Called on the guard's thread, one call at a time, save urgent commands, which
   * come on a thread of their own.
   *
   * @param command a canonical name of {@link #info()}
   * @param arguments converted and checked, by canonical parameter name
   * @return a dynamic value of the result type (see {@link consort.api.ValueType.Kind}), or a
   *     {@link java.util.concurrent.CompletionStage} of one
   * @throws Exception an {@link consort.api.InstrumentException} says what it means; anything else
   *     counts as a mistake of the driver
   */
  Object call(String command, Map<String, Object> arguments) throws Exception;
}
