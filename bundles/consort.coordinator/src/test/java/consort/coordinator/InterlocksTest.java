// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import consort.api.Call;
import consort.api.CallCounts;
import consort.api.ErrorCode;
import consort.api.InstrumentException;
import consort.api.InstrumentStatus;
import consort.api.Reason;
import consort.api.Refused;
import consort.api.Result;
import consort.api.State;
import consort.api.Unreachable;
import consort.api.coordinator.InstrumentSpec;
import consort.api.coordinator.Reconnect;
import consort.api.coordinator.Requirement;
import consort.api.driver.Connection;
import consort.api.driver.Identity;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Instruments that require others, with real threads. */
@Timeout(60)
class InterlocksTest {

  private static final Duration LIMIT = Duration.ofSeconds(20);

  private final Map<String, Guard> guards = new ConcurrentSkipListMap<>();
  private final List<String> told = new CopyOnWriteArrayList<>();
  private final TestWorld world = new TestWorld();
  private final Map<String, Supplier<State>> abroad = new ConcurrentHashMap<>();
  private final Interlocks interlocks =
      new Interlocks(
          guards::get,
          this::abroad,
          world.threads,
          (g, what, at, text) -> told.add(what + " " + text));
  private final EchoDriver cryo = new EchoDriver();
  private final EchoDriver psu = new EchoDriver();

  @BeforeEach
  void begin() {
    psu.capable = true;
    world.interlocks = interlocks;
  }

  @AfterEach
  void end() {
    interlocks.close();
    guards.values().forEach(Guard::close);
    world.threads.close();
  }

  private static InstrumentSpec spec(String name, Requirement... requires) {
    Reconnect quick = new Reconnect(true, Duration.ofMillis(5), Duration.ofMillis(20), false);
    return InstrumentSpec.of(name, "echo", Connection.NONE).reconnecting(quick).requiring(requires);
  }

  private void put(EchoDriver driver, InstrumentSpec spec) {
    Guard guard = guards.computeIfAbsent(spec.name(), name -> new Guard(spec, world));
    guard.want(new Plan(Plan.Goal.RUN, spec, driver.source("1.0"), null));
    interlocks.reconsider(spec.name());
  }

  private void stop(String name) {
    Guard guard = guards.get(name);
    guard.want(new Plan(Plan.Goal.STOP, guard.plan().spec, null, null));
  }

  private void becomes(String name, State state) {
    Guard guard = guards.get(name);
    assertThat(guard.await(() -> guard.status().state() == state, LIMIT.toNanos())).isTrue();
  }

  private static void eventually(BooleanSupplier condition) {
    long until = System.nanoTime() + LIMIT.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("waited too long").isLessThan(until);
      Thread.onSpinWait();
    }
  }

  private void bothReady() {
    put(psu, spec("PSU1", new Requirement("CRYO", State.READY)));
    becomes("PSU1", State.READY);
    put(cryo, spec("CRYO"));
    becomes("CRYO", State.READY);
    settle();
  }

  /** Waits until all changes so far were looked at. */
  private void settle() {
    CountDownLatch looked = new CountDownLatch(1);
    interlocks.idle(looked::countDown);
    try {
      assertThat(looked.await(20, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private Object write(int number) {
    return guards.get("PSU1").call(Call.of("echo", number).within(LIMIT)).value();
  }

  @Test
  void refusesWritesAndLetsReadAndStopWhileARequirementDoesNotHold() {
    put(psu, spec("PSU1", new Requirement("CRYO", State.READY)));
    becomes("PSU1", State.READY);

    assertThatThrownBy(() -> write(1))
        .isInstanceOf(Refused.class)
        .hasMessage("PSU1 requires CRYO to be READY; there is no CRYO")
        .extracting(e -> ((InstrumentException) e).code())
        .isEqualTo(ErrorCode.INTERLOCK);
    assertThat(guards.get("PSU1").call("peek", 2)).isEqualTo(2);
    assertThat(guards.get("PSU1").call("stop")).isEqualTo(0);
    assertThat(psu.seen).containsExactly(2);
  }

  @Test
  void nothingIsSwitchedOffThatNeverHeld() {
    bothReady();
    assertThat(write(1)).isEqualTo(1);
    assertThat(psu.safe).as("CRYO came later, as when the node starts").hasValue(0);
    assertThat(told).isEmpty();
  }

  @Test
  void aLossMakesItSafeOnceAndWritingComesBackByItself() {
    bothReady();
    cryo.onConnect =
        () -> {
          throw new Unreachable(ErrorCode.NO_LINK, "no answer");
        };
    world.links.sessions.get(world.links.sessions.size() - 1).lost.accept("the plug is out");
    becomes("CRYO", State.OFFLINE);
    assertThatThrownBy(() -> write(1))
        .hasMessageStartingWith("PSU1 requires CRYO to be READY; CRYO is ")
        .extracting(e -> ((InstrumentException) e).code())
        .isEqualTo(ErrorCode.INTERLOCK);
    eventually(() -> told.size() == 2);
    assertThat(told.get(0)).startsWith("LOST PSU1 requires CRYO to be READY; CRYO is ");
    assertThat(told.get(1)).isEqualTo("SAFE PSU1 is in its safe state");
    eventually(() -> cryo.connects.get() > 4);
    settle();
    assertThat(psu.safe).as("once per loss, not per attempt to connect").hasValue(1);

    cryo.onConnect = () -> null;
    becomes("CRYO", State.READY);
    assertThat(write(3)).isEqualTo(3);
    eventually(() -> told.size() == 3);
    assertThat(told.get(2)).isEqualTo("RESTORED what PSU1 requires holds again");
    assertThat(guards.get("PSU1").errors())
        .extracting(Condition.PastError::text)
        .contains("PSU1 is in its safe state");

    stop("CRYO");
    eventually(() -> psu.safe.get() == 2);
  }

  @Test
  void whatWaitsToBeWrittenIsNotWritten() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    CountDownLatch entered = new CountDownLatch(1);
    bothReady();
    psu.onEcho =
        n -> {
          entered.countDown();
          try {
            release.await(20, TimeUnit.SECONDS);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          return n;
        };
    CompletionStage<Result> read = guards.get("PSU1").send(Call.of("peek", 1).within(LIMIT));
    entered.await();
    CompletionStage<Result> write = guards.get("PSU1").send(Call.of("echo", 2).within(LIMIT));
    stop("CRYO");
    eventually(() -> psu.safe.get() == 1);
    release.countDown();

    assertThat(read.toCompletableFuture().get(20, TimeUnit.SECONDS).value()).isEqualTo(1);
    assertThatThrownBy(() -> write.toCompletableFuture().get(20, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .hasRootCauseInstanceOf(Refused.class);
    assertThat(psu.seen).containsExactly(1);
  }

  @Test
  void aWriteThatWasUnderWayDoesNotUndoTheSafeState() throws Exception {
    List<String> order = new CopyOnWriteArrayList<>();
    CountDownLatch release = new CountDownLatch(1);
    CountDownLatch entered = new CountDownLatch(1);
    bothReady();
    psu.onSafe = () -> order.add("safe");
    psu.onEcho =
        n -> {
          entered.countDown();
          try {
            release.await(20, TimeUnit.SECONDS);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          order.add("written");
          return n;
        };
    CompletionStage<Result> write = guards.get("PSU1").send(Call.of("echo", 1).within(LIMIT));
    entered.await();
    stop("CRYO");
    eventually(() -> order.equals(List.of("safe")));
    release.countDown();

    assertThat(write.toCompletableFuture().get(20, TimeUnit.SECONDS).value()).isEqualTo(1);
    eventually(() -> order.equals(List.of("safe", "written", "safe")));
  }

  @Test
  void anExchangeOfTheDriverIsNoLoss() {
    bothReady();
    put(cryo, spec("CRYO"));
    eventually(() -> cryo.instances.size() == 2);
    becomes("CRYO", State.READY);
    settle();
    assertThat(told).isEmpty();
    assertThat(psu.safe).hasValue(0);
  }

  @Test
  void aLossWhileItIsAwayIsMadeGoodWhenItIsBack() {
    bothReady();
    psu.onConnect =
        () -> {
          throw new Unreachable(ErrorCode.NO_LINK, "no answer");
        };
    Guard away = guards.get("PSU1");
    world.links.sessions.get(0).lost.accept("the plug is out");
    becomes("PSU1", State.OFFLINE);
    stop("CRYO");
    eventually(() -> !told.isEmpty());
    assertThat(psu.safe).hasValue(0);

    psu.onConnect = () -> null;
    assertThat(away.await(() -> away.status().state() == State.READY, LIMIT.toNanos())).isTrue();
    eventually(() -> psu.safe.get() == 1);
  }

  @Test
  void twoThatRequireEachOtherAreBothMadeSafe() {
    EchoDriver pump = new EchoDriver();
    pump.capable = true;
    put(psu, spec("PSU1", new Requirement("PUMP", State.READY)));
    put(pump, spec("PUMP", new Requirement("PSU1", State.READY)));
    becomes("PSU1", State.READY);
    becomes("PUMP", State.READY);
    settle();
    assertThat(write(1)).isEqualTo(1);
    stop("PUMP");
    eventually(() -> psu.safe.get() == 1);
    assertThat(told.get(0)).isEqualTo("LOST PSU1 requires PUMP to be READY; PUMP is STOPPED");
  }

  /** What an instrument of another node says. */
  private InstrumentStatus abroad(String name) {
    Supplier<State> state = abroad.get(name);
    return state == null
        ? null
        : new InstrumentStatus(
            name,
            state.get(),
            Reason.NONE,
            "",
            Instant.EPOCH,
            "echo",
            "",
            Identity.UNKNOWN,
            "",
            0,
            0,
            new CallCounts(0, 0, 0, 0),
            List.of());
  }

  @Test
  void anInstrumentOfAnotherNodeIsRequiredLikeOneOfThis() {
    abroad.put("CRYO", () -> State.READY);
    put(psu, spec("PSU1", new Requirement("CRYO", State.READY)));
    becomes("PSU1", State.READY);
    eventually(() -> interlocks.unmet(guards.get("PSU1").plan().spec) == null);
    eventually(() -> holds("PSU1"));
    assertThat(write(1)).isEqualTo(1);
    abroad.put("CRYO", () -> State.SWAPPING);
    settle();
    assertThat(write(2)).as("its driver is exchanged").isEqualTo(2);

    abroad.put("CRYO", () -> State.OFFLINE);
    eventually(() -> psu.safe.get() == 1);
    assertThatThrownBy(() -> write(3))
        .hasMessage("PSU1 requires CRYO to be READY; CRYO is OFFLINE");
    abroad.put("CRYO", () -> State.READY);
    eventually(() -> told.contains("RESTORED what PSU1 requires holds again"));
    assertThat(write(4)).isEqualTo(4);

    abroad.clear();
    eventually(() -> psu.safe.get() == 2);
    assertThatThrownBy(() -> write(5))
        .hasMessage("PSU1 requires CRYO to be READY; there is no CRYO");
  }

  @Test
  void anInstrumentOfAnotherNodeThatFlapsIsStillWatched() {
    abroad.put("CRYO", () -> State.READY);
    put(psu, spec("PSU1", new Requirement("CRYO", State.READY)));
    becomes("PSU1", State.READY);
    eventually(() -> interlocks.unmet(guards.get("PSU1").plan().spec) == null);
    eventually(() -> holds("PSU1"));
    interlocks.reconsider("CRYO");
    interlocks.reconsider("CRYO");
    settle();
    assertThat(told).isEmpty();

    abroad.clear();
    eventually(() -> psu.safe.get() == 1);
  }

  /**
   * Whether the interlocks have noticed that what it requires holds, so that they notice a loss.
   */
  private boolean holds(String name) {
    CompletableFuture<Boolean> met = new CompletableFuture<>();
    interlocks.idle(() -> met.complete(interlocks.isMet(guards.get(name))));
    return met.join();
  }

  @Test
  void anInstrumentOfAnotherNodeThatDoesNotAnswerIsNotRelied() {
    abroad.put("CRYO", () -> State.READY);
    put(psu, spec("PSU1", new Requirement("CRYO", State.READY)));
    becomes("PSU1", State.READY);
    eventually(() -> interlocks.unmet(guards.get("PSU1").plan().spec) == null);
    eventually(() -> holds("PSU1"));
    CountDownLatch release = new CountDownLatch(1);
    abroad.put(
        "CRYO",
        () -> {
          try {
            release.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          return State.READY;
        });
    eventually(() -> psu.safe.get() == 1);
    assertThatThrownBy(() -> write(5))
        .hasMessage("PSU1 requires CRYO to be READY; CRYO has not answered for 2 s");
    release.countDown();
    eventually(() -> interlocks.unmet(guards.get("PSU1").plan().spec) == null);
  }

  @Test
  void oneWithoutASafeStateSaysSo() {
    psu.capable = false;
    bothReady();
    stop("CRYO");
    eventually(() -> told.size() == 2);
    assertThat(told.get(1)).isEqualTo("UNSAFE PSU1 knows no safe state and is left as it is");
  }
}
