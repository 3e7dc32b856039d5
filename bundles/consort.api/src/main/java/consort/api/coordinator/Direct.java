// SPDX-License-Identifier: Apache-2.0
package consort.api.coordinator;

import consort.api.Call;
import consort.api.Result;
import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ProviderType;

/** An instrument of this node, for those who only pass its results on: no thread is changed. */
@ProviderType
public interface Direct {

  /**
   * Sends a call, as {@link consort.api.Instrument#send}. May be called by any thread; never waits.
   *
   * @return completes on the thread that has the result, mostly the driver's: a dependent stage
   *     that blocks keeps the instrument busy
   */
  CompletionStage<Result> submit(Call call);
}
