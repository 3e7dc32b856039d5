// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.ErrorCode;
import consort.api.Faulted;
import consort.api.InstrumentException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;

/** Makes outcomes of calls from what a driver returns, completes or throws. */
final class Answers {

  private final Guard guard;
  private final Environment env;

  Answers(Guard guard, Environment env) {
    this.guard = guard;
    this.env = env;
  }

  /** The outcome of a stage: a result, or what was thrown. Runs code of the driver. */
  Object of(Pending call, Instance on, Object value, Throwable thrown) {
    if (thrown != null) {
      boolean wrapped = thrown instanceof CompletionException && thrown.getCause() != null;
      return Thrown.of(wrapped ? thrown.getCause() : thrown);
    }
    try {
      return call.result(on, value, env);
    } catch (RuntimeException | Error e) {
      return Thrown.of(e);
    }
  }

  /** What the caller gets; a mistake of the driver is noted. Under the lock. */
  Object told(Pending call, Object outcome) {
    if (!(outcome instanceof Thrown thrown)) {
      return outcome;
    }
    if (thrown.cause() instanceof InstrumentException e) {
      return e;
    }
    env.mistake(guard, call.toString(), thrown);
    String text = call + ": the driver failed: " + thrown.text();
    return new Faulted(ErrorCode.DRIVER_ERROR, 0, text, thrown.shown());
  }

  /**
   * Has something done when a stage completes, or when it fails to say that it will. May run code
   * of the driver.
   */
  static void follow(CompletionStage<?> stage, BiConsumer<Object, Throwable> then) {
    try {
      stage.whenComplete(then);
    } catch (RuntimeException | Error e) {
      then.accept(null, e);
    }
  }

  /** Cancels a stage, null for none; on a thread of its own, as it may run code of the driver. */
  void cancel(CompletionStage<?> stage) {
    if (stage == null) {
      return;
    }
    env.run(
        () -> {
          try {
            stage.toCompletableFuture().cancel(true);
          } catch (RuntimeException e) {
            // a stage that cannot be cancelled has the grace to complete
          }
        });
  }
}
