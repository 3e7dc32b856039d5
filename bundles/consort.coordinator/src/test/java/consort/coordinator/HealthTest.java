// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import consort.api.Call;
import consort.api.ErrorCode;
import consort.api.Faulted;
import consort.api.Reason;
import consort.api.Result;
import consort.api.State;
import consort.api.Unreachable;
import consort.api.coordinator.InstrumentSpec;
import consort.api.coordinator.Reconnect;
import consort.api.driver.Connection;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Checks of the hardware, with real threads and an interval of a few milliseconds. */
@Timeout(60)
class HealthTest {

  private static final Duration LIMIT = Duration.ofSeconds(20);

  private final TestWorld world = new TestWorld();
  private final EchoDriver driver = new EchoDriver();
  private final Guard guard = new Guard(InstrumentSpec.of("DMM1", "echo", Connection.NONE), world);
  private final List<String> seen = new CopyOnWriteArrayList<>();
  private final CountDownLatch release = new CountDownLatch(1);

  @BeforeEach
  void begin() {
    driver.capable = true;
  }

  @AfterEach
  void end() {
    release.countDown();
    guard.close();
    world.threads.close();
  }

  private void ready(Duration interval) {
    Reconnect quick = new Reconnect(true, Duration.ofMillis(5), Duration.ofMillis(20), false);
    InstrumentSpec spec = InstrumentSpec.of("DMM1", "echo", Connection.NONE).reconnecting(quick);
    guard.want(new Plan(Plan.Goal.RUN, spec.checked(interval), driver.source("1.0"), null));
    becomes(State.READY);
  }

  private void becomes(State state) {
    assertThat(guard.await(() -> guard.status().state() == state, LIMIT.toNanos()))
        .as(() -> "becomes " + state + ", is " + guard.status())
        .isTrue();
  }

  private static void eventually(BooleanSupplier condition) {
    long until = System.nanoTime() + LIMIT.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("waited too long").isLessThan(until);
      Thread.onSpinWait();
    }
  }

  private Object await() {
    try {
      return release.await(30, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      return false;
    }
  }

  @Test
  void checksAnIdleInstrumentAndCountsNoCalls() {
    ready(Duration.ofMillis(2));
    eventually(() -> driver.checks.get() > 5);
    assertThat(guard.status().counts().sent()).isZero();
    assertThat(guard.status().counts().completed()).isZero();
  }

  @Test
  void checksNothingUnlessTheFileAsks() {
    guard.want(
        new Plan(
            Plan.Goal.RUN,
            InstrumentSpec.of("DMM1", "echo", Connection.NONE),
            driver.source("1.0"),
            null));
    becomes(State.READY);
    assertThat(guard.call("echo", 1)).isEqualTo(1);
    assertThat(driver.checks).hasValue(0);
  }

  @Test
  void neverChecksWhileItMeasuresAndSkipsAnIntervalWithCalls() throws Exception {
    CountDownLatch entered = new CountDownLatch(1);
    driver.onEcho =
        n -> {
          int before = driver.checks.get();
          entered.countDown();
          await();
          return driver.checks.get() - before;
        };
    ready(Duration.ofMillis(2));
    CompletionStage<Result> measuring = guard.send(Call.of("echo", 1).within(LIMIT));
    entered.await();
    CountDownLatch intervals = new CountDownLatch(1);
    world.later(TimeUnit.MILLISECONDS.toNanos(30), intervals::countDown);
    intervals.await();
    release.countDown();
    assertThat(measuring.toCompletableFuture().get(20, TimeUnit.SECONDS).value()).isEqualTo(0);

    Health health = new Health();
    assertThat(health.wasQuiet(7)).as("seven calls were sent").isFalse();
    assertThat(health.wasQuiet(7)).isTrue();
  }

  @Test
  void aLostLinkIsFoundAndComesBackByItself() {
    ready(Duration.ofMillis(2));
    driver.onCheck =
        () -> {
          throw new Unreachable(ErrorCode.NO_LINK, "the plug is out");
        };
    becomes(State.OFFLINE);
    assertThat(guard.status().reason()).isEqualTo(Reason.NO_LINK);
    assertThat(guard.status().text()).isEqualTo("the plug is out");
    driver.onCheck = () -> null;
    becomes(State.READY);
    assertThat(driver.instances).as("the driver was not made anew").hasSize(1);
  }

  @Test
  void aCheckThatFailsIsToldAndTheInstrumentGoesOn() {
    CountDownLatch two = new CountDownLatch(2);
    driver.onCheck =
        () -> {
          if (driver.checks.get() > 1 && two.getCount() > 0) {
            two.countDown();
            throw new Faulted(ErrorCode.INSTRUMENT_ERROR, 7, "it is too hot", null);
          }
          return null;
        };
    ready(Duration.ofMillis(2));
    eventually(() -> two.getCount() == 0 && driver.checks.get() > 5);
    assertThat(driver.connects).hasValue(1);
    assertThat(guard.errors()).extracting(Condition.PastError::text).contains("it is too hot");
    assertThat(guard.call("echo", 1)).isEqualTo(1);
  }

  @Test
  void threeFailuresInARowMakeItConnectAnewUntilTheCheckPasses() {
    ready(Duration.ofMillis(2));
    driver.onCheck =
        () -> {
          throw new Faulted(ErrorCode.INSTRUMENT_ERROR, 7, "it is too hot", null);
        };
    int before = driver.checks.get();
    becomes(State.OFFLINE);
    assertThat(driver.checks.get() - before).isGreaterThanOrEqualTo(Health.PATIENCE);
    eventually(() -> driver.connects.get() > 3);
    assertThat(guard.status().stateText()).isIn("OFFLINE(unhealthy)", "STARTING");
    driver.onCheck = () -> null;
    becomes(State.READY);
    assertThat(guard.call("echo", 1)).isEqualTo(1);
    assertThat(driver.instances).hasSize(1);
  }
}
