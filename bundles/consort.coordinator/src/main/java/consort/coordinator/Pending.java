// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.Call;
import consort.api.CommandInfo;
import consort.api.InstrumentException;
import consort.api.InstrumentInfo;
import consort.api.Result;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;

/** A call on its way through a guard. Its fields are written under the guard's lock. */
final class Pending {

  final Call call;

  /** When it must be over, on the guard's clock. */
  final long deadline;

  /** How long it was given, ns; for messages. */
  final long limit;

  /** The thread that waits for it; null for one that nobody waits for. */
  private final Thread waiter;

  /** Where its result goes when nobody waits. */
  private final CompletableFuture<Result> future;

  private final Executor callbacks;

  /** The commands against which it was bound; null before. */
  InstrumentInfo boundTo;

  CommandInfo command;
  Map<String, Object> arguments;
  long startedNanos;

  /** Takes the timer of its deadline off, null where there is none. */
  Runnable disarm;

  private volatile Object outcome;

  private Pending(
      Call call,
      long deadline,
      long limit,
      Thread waiter,
      CompletableFuture<Result> future,
      Executor callbacks) {
    this.call = call;
    this.deadline = deadline;
    this.limit = limit;
    this.waiter = waiter;
    this.future = future;
    this.callbacks = callbacks;
  }

  /** A call that the current thread is going to wait for. */
  static Pending awaited(Call call, long now, long limit) {
    return new Pending(call, now + limit, limit, Thread.currentThread(), null, null);
  }

  /** A call whose result goes to a future, completed by the executor. */
  static Pending sent(
      Call call, long now, long limit, CompletableFuture<Result> future, Executor callbacks) {
    return new Pending(call, now + limit, limit, null, future, callbacks);
  }

  boolean done() {
    return outcome != null;
  }

  /** The result or the exception, null while there is none. */
  Object outcome() {
    return outcome;
  }

  /**
   * Gives the outcome: a {@link Result} or an {@link InstrumentException}. Only the first counts.
   */
  void complete(Object result) {
    if (outcome == null) {
      outcome = result;
      signal();
    }
  }

  /** Sets the first outcome; whoever waits is told by {@link #signal}. */
  void set(Object result) {
    outcome = result;
  }

  /** Tells whoever waits that there is an outcome. */
  void signal() {
    if (waiter != null) {
      LockSupport.unpark(waiter);
      return;
    }
    if (disarm != null) {
      disarm.run();
    }
    Object result = outcome;
    callbacks.execute(
        () -> {
          if (result instanceof Result ok) {
            future.complete(ok);
          } else {
            future.completeExceptionally((InstrumentException) result);
          }
        });
  }
}
