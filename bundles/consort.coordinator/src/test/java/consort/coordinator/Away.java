// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import consort.api.Call;
import consort.api.Instrument;
import consort.api.InstrumentInfo;
import consort.api.InstrumentStatus;
import consort.api.Result;
import consort.api.coordinator.Startable;
import consort.api.mesh.Imported;
import consort.api.mesh.Owner;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** An instrument of another node whose guard is in this JVM: all goes by way of other threads. */
final class Away implements Imported {

  private final Instrument guard;
  private final Owner owner;
  private final DriverThreads threads;

  Away(Instrument guard, Owner owner, DriverThreads threads) {
    this.guard = guard;
    this.owner = owner;
    this.threads = threads;
  }

  @Override
  public String remoteName() {
    return guard.name();
  }

  @Override
  public Owner owner() {
    return owner;
  }

  @Override
  public String name() {
    return guard.name();
  }

  @Override
  public InstrumentInfo info() {
    return guard.info();
  }

  @Override
  public InstrumentStatus status() {
    return guard.status();
  }

  @Override
  public Result call(Call call) {
    return guard.call(call);
  }

  @Override
  public CompletionStage<Result> send(Call call) {
    CompletableFuture<Result> answer = new CompletableFuture<>();
    threads.run(() -> pass(guard.send(call), answer));
    return answer;
  }

  private static void pass(CompletionStage<Result> from, CompletableFuture<Result> to) {
    from.whenComplete(
        (result, failure) -> {
          if (failure == null) {
            to.complete(result);
          } else {
            to.completeExceptionally(failure);
          }
        });
  }

  @Override
  public Start prepare(Call call, Duration within, Runnable ready) {
    CompletableFuture<Result> answer = new CompletableFuture<>();
    CompletableFuture<Start> there = new CompletableFuture<>();
    threads.run(
        () -> {
          Start made = ((Startable) guard).prepare(call, within, () -> threads.run(ready));
          pass(made.result(), answer);
          there.complete(made);
        });
    return new Start() {
      @Override
      public CompletionStage<Result> result() {
        return answer;
      }

      @Override
      public void begin() {
        there.thenAccept(Start::begin);
      }

      @Override
      public void abort(String why) {
        there.thenAccept(made -> made.abort(why));
      }
    };
  }

  @Override
  public <T> T as(Class<T> type) {
    return guard.as(type);
  }
}
