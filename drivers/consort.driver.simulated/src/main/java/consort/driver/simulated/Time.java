// SPDX-License-Identifier: Apache-2.0
package consort.driver.simulated;

import consort.api.TimedOut;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** The time that simulated physics runs in. */
interface Time {

  /** Monotonic nanoseconds. */
  long nanos();

  /** Completes when so many nanoseconds have passed; at once for zero or less. */
  CompletableFuture<Void> after(long nanos);

  /**
   * Waits until the future is complete.
   *
   * @throws TimedOut when the thread is interrupted meanwhile, which is restored, or the time ends
   */
  default <T> T await(CompletableFuture<T> future) {
    try {
      return future.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TimedOut("the simulated instrument was interrupted while it waited", e);
    } catch (CancellationException e) {
      throw new TimedOut("the simulated instrument was closed while it waited", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
  }

  /** Seconds as nanoseconds. */
  static long nanos(double seconds) {
    return (long) Math.ceil(seconds * 1e9);
  }
}
