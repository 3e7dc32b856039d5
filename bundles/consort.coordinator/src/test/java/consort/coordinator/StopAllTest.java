// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import consort.api.Call;
import consort.api.ErrorCode;
import consort.api.InstrumentException;
import consort.api.Result;
import consort.api.State;
import consort.api.Unreachable;
import consort.api.coordinator.InstrumentSpec;
import consort.api.coordinator.StopResult;
import consort.api.coordinator.StopResult.Outcome;
import consort.api.driver.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Safe states, one and all, with real threads. */
@Timeout(60)
class StopAllTest {

  private static final Duration LIMIT = Duration.ofSeconds(20);

  private final TestWorld world = new TestWorld();
  private final List<Guard> guards = new ArrayList<>();
  private final CountDownLatch release = new CountDownLatch(1);

  @AfterEach
  void end() {
    release.countDown();
    guards.forEach(Guard::close);
    world.threads.close();
  }

  private Guard guard(String name, EchoDriver driver) {
    Guard guard = new Guard(name, world);
    guards.add(guard);
    InstrumentSpec spec = InstrumentSpec.of(name, "echo", Connection.NONE);
    guard.want(new Plan(Plan.Goal.RUN, spec, driver.source("1.0"), null));
    return guard;
  }

  private Guard ready(String name, EchoDriver driver) {
    Guard guard = guard(name, driver);
    assertThat(guard.await(() -> guard.status().state() == State.READY, LIMIT.toNanos())).isTrue();
    return guard;
  }

  private static EchoDriver safe() {
    EchoDriver driver = new EchoDriver();
    driver.capable = true;
    return driver;
  }

  private static Object await(CountDownLatch latch) {
    try {
      return latch.await(30, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      return false;
    }
  }

  @Test
  void aSafeStateComesBesideARunningCallAndBeforeWhatWaits() throws Exception {
    EchoDriver driver = safe();
    CountDownLatch entered = new CountDownLatch(1);
    driver.onEcho =
        n -> {
          entered.countDown();
          await(release);
          return n;
        };
    Guard guard = ready("PSU1", driver);
    CompletionStage<Result> running = guard.send(Call.of("echo", 1).within(LIMIT));
    await(entered);
    CompletionStage<Result> write = guard.send(Call.of("echo", 2).within(LIMIT));
    CompletionStage<Result> read = guard.send(Call.of("peek", 3).within(LIMIT));

    assertThat(StopAll.of(List.of(guard), LIMIT, "alice stopped everything"))
        .containsExactly(new StopResult("PSU1", Outcome.DONE, ""));
    assertThat(driver.safe).hasValue(1);
    assertThat(failure(write).code()).isEqualTo(ErrorCode.CANCELLED_IN_QUEUE);
    assertThat(failure(write)).hasMessage("the call was not sent: alice stopped everything");

    release.countDown();
    assertThat(running.toCompletableFuture().get(20, TimeUnit.SECONDS).value()).isEqualTo(1);
    assertThat(read.toCompletableFuture().get(20, TimeUnit.SECONDS).value()).isEqualTo(3);
    assertThat(driver.seen).doesNotContain(2);
  }

  private static InstrumentException failure(CompletionStage<Result> call) throws Exception {
    try {
      call.toCompletableFuture().get(20, TimeUnit.SECONDS);
      throw new AssertionError("it succeeded");
    } catch (ExecutionException e) {
      return (InstrumentException) e.getCause();
    }
  }

  @Test
  void allAreToldAtOnceAndEachSaysWhatBecameOfIt() {
    EchoDriver hanging = safe();
    hanging.onSafe = () -> await(release);
    EchoDriver failing = safe();
    failing.onSafe =
        () -> {
          throw new IllegalStateException("the relay is stuck");
        };
    EchoDriver breaking = safe();
    breaking.onSafe =
        () -> {
          throw new Unreachable(ErrorCode.NO_LINK, "the plug came out");
        };
    EchoDriver absent = safe();
    absent.onConnect =
        () -> {
          throw new Unreachable(ErrorCode.NO_LINK, "no answer");
        };
    Guard a = ready("A_DONE", safe());
    Guard b = ready("B_NONE", new EchoDriver());
    Guard c = ready("C_HANGS", hanging);
    Guard d = ready("D_FAILS", failing);
    Guard e = ready("E_BREAKS", breaking);
    Guard f = guard("F_ABSENT", absent);
    assertThat(f.await(() -> f.status().state() == State.OFFLINE, LIMIT.toNanos())).isTrue();

    List<StopResult> results =
        StopAll.of(List.of(f, e, d, c, b, a), Duration.ofMillis(300), "stopped");

    assertThat(results)
        .containsExactly(
            new StopResult("A_DONE", Outcome.DONE, ""),
            new StopResult("B_NONE", Outcome.NONE, "its driver knows no safe state"),
            new StopResult(
                "C_HANGS",
                Outcome.FAILED,
                "C_HANGS.safe_state: no answer within 0.3 s; its effect is unknown"),
            new StopResult(
                "D_FAILS",
                Outcome.FAILED,
                "D_FAILS.safe_state: the driver failed: the relay is stuck"),
            new StopResult("E_BREAKS", Outcome.FAILED, "the plug came out"),
            new StopResult(
                "F_ABSENT", Outcome.UNREACHABLE, "F_ABSENT is OFFLINE(no link): no answer"));
    assertThat(StopAll.summary(results))
        .isEqualTo(
            "1 done, 1 none, 1 unreachable (F_ABSENT), 3 failed (C_HANGS, D_FAILS, E_BREAKS)");
  }

  @Test
  void oneThatIsUnderWayIsNotSentAgain() {
    EchoDriver driver = safe();
    CountDownLatch entered = new CountDownLatch(1);
    driver.onSafe =
        () -> {
          entered.countDown();
          return await(release);
        };
    Guard guard = ready("PSU1", driver);
    Pending first = guard.safeState(LIMIT, "first");
    await(entered);
    Pending second = guard.safeState(LIMIT, "second");
    assertThat(second).isSameAs(first);
    release.countDown();
    assertThat(first.future()).succeedsWithin(LIMIT);
    assertThat(guard.safeState(LIMIT, "third").future()).succeedsWithin(LIMIT);
    assertThat(driver.safe).hasValue(2);
  }

  @Test
  void aSafeStateIsSentThoughFourUrgentCallsRun() {
    EchoDriver driver = safe();
    CountDownLatch entered = new CountDownLatch(UrgentCalls.MOST);
    driver.onStop =
        () -> {
          entered.countDown();
          await(release);
          return 0;
        };
    Guard guard = ready("PSU1", driver);
    for (int i = 0; i < UrgentCalls.MOST; i++) {
      guard.send(Call.of("stop").within(LIMIT));
    }
    await(entered);
    assertThat(StopAll.of(List.of(guard), LIMIT, "stopped"))
        .containsExactly(new StopResult("PSU1", Outcome.DONE, ""));
  }
}
