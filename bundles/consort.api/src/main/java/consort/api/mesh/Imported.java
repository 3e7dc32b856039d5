// SPDX-License-Identifier: Apache-2.0
package consort.api.mesh;

import consort.api.Instrument;
import consort.api.coordinator.Startable;
import org.osgi.annotation.versioning.ProviderType;

/** An instrument of another node, as the service of it that this node has. */
@ProviderType
public interface Imported extends Instrument, Startable {

  /** Its name at its node; here it may have another. */
  String remoteName();

  /** The node that has it: the same object for all instruments of one node. */
  Owner owner();
}
