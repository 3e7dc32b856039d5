// SPDX-License-Identifier: Apache-2.0
package consort.api.coordinator;

import consort.api.Instrument;
import org.osgi.annotation.versioning.ProviderType;

/** An instrument that lives until it is closed and is not published. */
@ProviderType
public interface TemporaryInstrument extends Instrument, AutoCloseable {

  /** Ends it. Does not wait for the driver. */
  @Override
  void close();
}
