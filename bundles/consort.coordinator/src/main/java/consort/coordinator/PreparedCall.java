// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.Call;
import consort.api.Result;
import consort.api.coordinator.Startable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A call that waits at a gate of its own for the signal to begin, which comes from elsewhere. */
final class PreparedCall implements Startable.Start {

  private final Calls calls;
  private final StartGate gate;
  private final Pending pending;

  /**
   * Makes one that is not sent.
   *
   * @param within how long it may take until it begins, ns
   * @param own how long it may take from then on, ns
   * @param ready is run when only the signal is missing
   */
  PreparedCall(
      Calls calls, Environment env, String name, Call call, long within, long own, Runnable ready) {
    this.calls = calls;
    this.gate = new StartGate(env, this::begun, ready);
    this.pending =
        Pending.sent(name, call, env.nanoTime(), within + own, new CompletableFuture<>(), env::run);
    pending.gate(gate, own);
    gate.expect(pending);
    gate.expect(this);
  }

  /** The call. */
  Pending pending() {
    return pending;
  }

  private void begun() {
    calls.begun(pending);
  }

  @Override
  public CompletionStage<Result> result() {
    return pending.future();
  }

  @Override
  public void begin() {
    gate.without(this);
  }

  @Override
  public void abort(String why) {
    gate.breakUp(why);
    if (gate.isOpen() || gate.isMissing(pending)) {
      calls.cancel(pending, why);
    }
  }
}
