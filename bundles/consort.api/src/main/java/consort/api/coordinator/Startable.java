// SPDX-License-Identifier: Apache-2.0
package consort.api.coordinator;

import consort.api.Call;
import consort.api.Result;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ProviderType;

/**
 * An instrument whose calls can be made ready first, and begun at a signal: how a group whose
 * instruments are at several nodes begins together. Methods may be called by any thread; none
 * waits.
 */
@ProviderType
public interface Startable {

  /**
   * Makes a call ready: it takes its turn as any other, and stops at the instant before the driver
   * is entered, with the command armed where the driver is {@link consort.api.driver.Armable}. From
   * then on it keeps the instrument busy until one of the two methods of {@link Start}.
   *
   * @param within how long it may take until it is told to begin; its own deadline runs from then
   * @param ready is run when it is ready; must not wait
   */
  Start prepare(Call call, Duration within, Runnable ready);

  /** A call that is being made ready. */
  interface Start {
    /**
     * Completes with the result, or exceptionally with an {@link consort.api.InstrumentException};
     * a dependent stage must not block.
     */
    CompletionStage<Result> result();

    /** Lets it begin, now or as soon as it is ready. */
    void begin();

    /** Has it not begin. One that has begun is cancelled: then its effect is unknown. */
    void abort(String why);
  }
}
