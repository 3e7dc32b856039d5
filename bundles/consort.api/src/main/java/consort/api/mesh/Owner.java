// SPDX-License-Identifier: Apache-2.0
package consort.api.mesh;

import consort.api.Caller;
import consort.api.coordinator.LeaseRequest;
import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ProviderType;

/** A node that has instruments which this one uses. Methods may be called by any thread. */
@ProviderType
public interface Owner {

  /** Its name, empty as long as it never answered. */
  String node();

  /**
   * Asks it for exclusive use of its instruments; waits at that node as long as the request says,
   * and not here. Cancelling the stage's future gives up.
   *
   * @param request its names are those that the instruments have there
   * @param holder who it is for
   * @return completes with the lease, or exceptionally with an {@link
   *     consort.api.InstrumentException}; then nothing is held
   */
  CompletionStage<RemoteLease> lease(LeaseRequest request, Caller holder);
}
