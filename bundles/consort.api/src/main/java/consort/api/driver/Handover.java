// SPDX-License-Identifier: Apache-2.0
package consort.api.driver;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * A driver instance that hands what it knows to its successor when the driver is exchanged. For
 * what the hardware cannot be asked: an offset, a counter, a table. A driver without it is
 * exchanged as well. Both methods come on the guard's thread.
 */
@ConsumerType
public interface Handover {

  /**
   * Gives what the successor needs. Called when no call runs, before closing, and not when the
   * instrument is offline or restarted; must return within a second and change nothing, as the
   * instance goes on when the exchange is taken back.
   *
   * @return the state; null when there is none
   * @throws Exception when it cannot; then the instance stays in use, if it may stay
   */
  SavedState save() throws Exception;

  /**
   * Takes over what the predecessor saved. Called after connecting, before any call; counts for the
   * limit of starting. Also called on an instance of the old version when the new one failed.
   *
   * @param state what {@link #save} gave, of this version of the driver, an older or a newer one
   * @throws Exception when it cannot; then this driver counts as failed, and the old one comes back
   */
  void restore(SavedState state) throws Exception;
}
