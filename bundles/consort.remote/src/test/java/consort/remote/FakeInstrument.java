// SPDX-License-Identifier: Apache-2.0
package consort.remote;

import consort.api.Call;
import consort.api.CallCounts;
import consort.api.CommandInfo;
import consort.api.Instrument;
import consort.api.InstrumentException;
import consort.api.InstrumentInfo;
import consort.api.InstrumentStatus;
import consort.api.ParameterInfo;
import consort.api.Reason;
import consort.api.Result;
import consort.api.State;
import consort.api.ValueType;
import consort.api.Values;
import consort.api.coordinator.Startable;
import consort.api.driver.Identity;
import consort.api.typed.TypedView;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/** Stands for a guard: binds arguments as one does, and runs one call at a time. */
final class FakeInstrument implements Instrument, Startable, AutoCloseable {

  private final String name;
  private final ExecutorService thread = Executors.newSingleThreadExecutor();
  private final Map<String, Function<Map<String, Object>, Object>> bodies =
      new java.util.concurrent.ConcurrentHashMap<>();
  private volatile InstrumentInfo info = new InstrumentInfo(List.of(), "A fake.", List.of());
  volatile String driverVersion = "1.0.0";
  final AtomicInteger done = new AtomicInteger();
  final ConcurrentLinkedQueue<Call> calls = new ConcurrentLinkedQueue<>();

  FakeInstrument(String name) {
    this.name = name;
  }

  /** Adds a command. */
  FakeInstrument with(
      String command,
      ValueType result,
      List<ParameterInfo> parameters,
      Function<Map<String, Object>, Object> body) {
    List<CommandInfo> commands = new java.util.ArrayList<>(info.commands());
    commands.add(
        new CommandInfo(command, parameters, result, "", false, false, null, "A command."));
    info = new InstrumentInfo(List.of("Multimeter"), "A fake.", commands);
    bodies.put(command, body);
    return this;
  }

  /** A command that gives back its one argument. */
  FakeInstrument echo(String command, ValueType type) {
    return with(
        command,
        type,
        List.of(ParameterInfo.of("value", type)),
        arguments -> arguments.get("value"));
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public InstrumentInfo info() {
    return info;
  }

  @Override
  public InstrumentStatus status() {
    return new InstrumentStatus(
        name,
        State.READY,
        Reason.NONE,
        "",
        Instant.EPOCH,
        "fake",
        driverVersion,
        Identity.UNKNOWN,
        "nowhere",
        0,
        0,
        new CallCounts(done.get(), 0, 0, 0),
        List.of());
  }

  @Override
  public Result call(Call call) {
    try {
      return send(call).toCompletableFuture().join();
    } catch (CompletionException e) {
      throw (InstrumentException) e.getCause();
    }
  }

  @Override
  public CompletionStage<Result> send(Call call) {
    CompletableFuture<Result> future = new CompletableFuture<>();
    thread.execute(
        () -> {
          if (future.isDone()) {
            return;
          }
          try {
            CommandInfo command =
                info.command(call.command())
                    .orElseThrow(
                        () ->
                            new consort.api.Refused(
                                consort.api.ErrorCode.UNKNOWN_COMMAND,
                                name + " has no command " + call.command()));
            Map<String, Object> bound = Values.bind(command, call.positional(), call.named());
            calls.add(call);
            done.incrementAndGet();
            Object value = bodies.get(command.name()).apply(bound);
            long now = System.nanoTime();
            future.complete(new Result(value, command, now - 1_000_000, now));
          } catch (RuntimeException e) {
            future.completeExceptionally(e);
          }
        });
    return future;
  }

  @Override
  public Start prepare(Call call, Duration within, Runnable ready) {
    CompletableFuture<String> signal = new CompletableFuture<>();
    CompletableFuture<Result> result = new CompletableFuture<>();
    thread.execute(
        () -> {
          ready.run();
          String aborted = signal.join();
          if (aborted.isEmpty()) {
            send(call)
                .whenComplete(
                    (value, failure) -> {
                      result.complete(value);
                    });
          } else {
            result.completeExceptionally(
                new consort.api.Refused(consort.api.ErrorCode.BARRIER_BROKEN, aborted));
          }
        });
    return new Start() {
      @Override
      public CompletionStage<Result> result() {
        return result;
      }

      @Override
      public void begin() {
        signal.complete("");
      }

      @Override
      public void abort(String why) {
        signal.complete(why);
      }
    };
  }

  @Override
  public <T> T as(Class<T> type) {
    return TypedView.of(this, type);
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
