// SPDX-License-Identifier: Apache-2.0
package consort.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import consort.api.Call;
import consort.api.Caller;
import consort.api.ErrorCode;
import consort.api.Faulted;
import consort.api.Garbled;
import consort.api.InstrumentException;
import consort.api.InstrumentStatus;
import consort.api.Reason;
import consort.api.Refused;
import consort.api.Result;
import consort.api.Role;
import consort.api.State;
import consort.api.TimedOut;
import consort.api.Unreachable;
import consort.api.coordinator.InstrumentSpec;
import consort.api.coordinator.Reconnect;
import consort.api.driver.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a guard promises, with real threads and real time. */
@Timeout(60)
class GuardTest {

  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(20);

  private final TestWorld world = new TestWorld();
  private final DriverThreads threads = world.threads;
  private final FakeLinks links = world.links;
  private final EchoDriver driver = new EchoDriver();
  private final CountDownLatch release = new CountDownLatch(1);
  private final Guard guard = new Guard(spec(), world);

  @AfterEach
  void end() {
    release.countDown();
    guard.close();
    threads.close();
  }

  private static InstrumentSpec spec() {
    Reconnect quick = new Reconnect(true, Duration.ofMillis(5), Duration.ofMillis(20), false);
    return InstrumentSpec.of("ECHO", "echo", Connection.NONE).reconnecting(quick);
  }

  private static Plan run(DriverSource source) {
    return new Plan(Plan.Goal.RUN, spec(), source, null);
  }

  private void ready() {
    guard.want(run(driver.source("1.0")));
    becomes(State.READY);
  }

  private void becomes(State state) {
    assertThat(guard.await(() -> guard.status().state() == state, PATIENCE))
        .as(() -> "becomes " + state + ", is " + guard.status())
        .isTrue();
  }

  private Object hang(int number) {
    boolean interrupted = false;
    while (release.getCount() > 0) {
      try {
        release.await();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    return interrupted ? -number : number;
  }

  private CompletionStage<Result> send(int number) {
    return guard.send(Call.of("echo", number));
  }

  private static InstrumentException failure(CompletionStage<Result> call) {
    ExecutionException e =
        catchThrowableOfType(
            ExecutionException.class, () -> call.toCompletableFuture().get(30, TimeUnit.SECONDS));
    return (InstrumentException) e.getCause();
  }

  @Test
  void givesTheAnswerWithItsUnit() {
    ready();
    Result result = guard.call(Call.of("ECHO", 7));
    assertThat(result.value()).isEqualTo(7);
    assertThat(result.text()).isEqualTo("7 V");
    assertThat(result.took()).isPositive();
    assertThat(guard.status().identity().vendor()).isEqualTo("Acme");
  }

  @Test
  void refusesWrongCallsWithoutSendingAnything() {
    ready();
    assertThatThrownBy(() -> guard.call("nope"))
        .hasMessageContaining("has no command 'nope'; it has echo, peek, stop");
    assertThatThrownBy(() -> guard.call("echo"))
        .isInstanceOf(Refused.class)
        .hasMessage("echo: number is missing");
    assertThatThrownBy(() -> guard.call("echo", "7")).hasMessageContaining("'7' is not an int");
    assertThatThrownBy(() -> guard.call("echo", -1))
        .hasMessage("echo number: -1 V is outside [0 V, 1000000 V]");
    assertThat(driver.seen).isEmpty();
    assertThat(guard.status().counts().failed()).isEqualTo(4);
  }

  @Test
  void letsAnObserverReadAndNothingElse() {
    ready();
    Caller observer = new Caller("guest", Role.OBSERVER, "test");
    assertThat(guard.call(Call.of("peek", 1).by(observer)).value()).isEqualTo(1);
    assertThatThrownBy(() -> guard.call(Call.of("echo", 1).by(observer)))
        .hasMessageContaining("echo needs the role OPERATOR; guest is OBSERVER");
  }

  @Test
  void callsWaitWhileTheDriverConnects() throws Exception {
    CountDownLatch connecting = new CountDownLatch(1);
    driver.onConnect = () -> connecting.await(20, TimeUnit.SECONDS);
    guard.want(run(driver.source("1.0")));
    CompletionStage<Result> early = send(3);
    connecting.countDown();
    assertThat(early.toCompletableFuture().get(20, TimeUnit.SECONDS).value()).isEqualTo(3);
  }

  @Test
  void keepsTheOrderOfCallsAndRunsOneAtATime() throws Exception {
    AtomicInteger inside = new AtomicInteger();
    AtomicBoolean crowded = new AtomicBoolean();
    driver.onEcho =
        n -> {
          crowded.compareAndSet(false, inside.incrementAndGet() > 1);
          inside.decrementAndGet();
          return n;
        };
    ready();
    List<CompletionStage<Result>> calls = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      calls.add(send(i));
    }
    for (int i = 0; i < calls.size(); i++) {
      assertThat(calls.get(i).toCompletableFuture().get(20, TimeUnit.SECONDS).value()).isEqualTo(i);
    }
    assertThat(driver.seen).isSorted().hasSize(500);
    assertThat(crowded).isFalse();
  }

  @Test
  void holdsTheDeadlineWhenTheDriverNeverReturnsAndIgnoresInterrupts() {
    driver.onEcho = this::hang;
    ready();
    long begin = System.nanoTime();
    assertThatThrownBy(() -> guard.call(Call.of("echo", 1).within(Duration.ofMillis(100))))
        .isInstanceOf(TimedOut.class)
        .hasMessage("ECHO.echo: no answer within 0.1 s; its effect is unknown");
    long over = System.nanoTime() - begin - 100_000_000L;
    assertThat(over).as("overshoot, ns").isBetween(0L, 200_000_000L);

    CompletionStage<Result> impatient =
        guard.send(Call.of("echo", 2).within(Duration.ofMillis(50)));
    CompletionStage<Result> patient = guard.send(Call.of("echo", 3).within(Duration.ofSeconds(20)));
    assertThat(failure(impatient).code()).isEqualTo(ErrorCode.DEADLINE_IN_QUEUE);
    assertThat(failure(patient))
        .isInstanceOf(Unreachable.class)
        .hasMessageContaining("did not return from ECHO.echo");
    assertThat(guard.status().stateText()).isEqualTo("FAULT(stuck)");
    assertThat(guard.status().stuckThreads()).isEqualTo(1);
    assertThat(links.last().closed).as("the link of the stuck instance is closed").isTrue();
    assertThatThrownBy(() -> guard.call("echo", 4))
        .hasMessageContaining("'restart ECHO' makes a new one");
    assertThat(driver.seen).containsExactly(1);

    driver.onEcho = n -> n;
    ready();
    assertThat(guard.call("echo", 5)).isEqualTo(5);
    assertThat(driver.instances).hasSize(2);
    release.countDown();
    assertThat(
            guard.await(() -> guard.status().stuckThreads() == 0, 1) || eventuallyNoThreadIsStuck())
        .isTrue();
    assertThat(guard.call("echo", 6))
        .as("the late answer of the old instance is nobody's")
        .isEqualTo(6);
  }

  private boolean eventuallyNoThreadIsStuck() {
    long until = System.nanoTime() + PATIENCE;
    while (System.nanoTime() < until) {
      if (guard.status().stuckThreads() == 0) {
        return true;
      }
      Thread.onSpinWait();
    }
    return false;
  }

  @Test
  void staysAtFaultWhileThreeThreadsAreStuck() {
    driver.onEcho = this::hang;
    for (int i = 1; i <= Guard.STUCK; i++) {
      ready();
      failure(guard.send(Call.of("echo", i).within(Duration.ofMillis(10))));
      becomes(State.FAULT);
    }
    guard.want(run(driver.source("1.0")));
    assertThat(guard.status().stateText()).isEqualTo("FAULT(stuck)");
    assertThat(guard.status().text()).contains("3 threads of its drivers are stuck");
    release.countDown();
    assertThat(eventuallyNoThreadIsStuck()).isTrue();
    ready();
  }

  @Test
  void saysInTheGraceAfterADeadlineWhatItWaitsFor() {
    driver.onEcho = this::hang;
    ready();
    assertThat(Why.available(guard)).isEqualTo("ECHO is available");
    CompletionStage<Result> running = guard.send(Call.of("echo", 1).within(Duration.ofDays(1)));
    eventually(() -> !driver.seen.isEmpty());
    assertThat(Why.available(guard)).isEqualTo("ECHO is busy with echo, and is available");
    guard.cancel("alice cancelled it");
    assertThat(failure(running)).isInstanceOf(TimedOut.class);
    assertThat(Why.available(guard))
        .isEqualTo(
            "ECHO waits for its driver: the deadline of echo has passed, and it has 2 s to come"
                + " back; urgent commands are available");
  }

  @Test
  void discardsALateAnswerAndResynchronisesTheLink() throws Exception {
    CountDownLatch late = new CountDownLatch(1);
    driver.onEcho =
        n -> {
          if (n == 1) {
            try {
              late.await();
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
          }
          return n;
        };
    ready();
    assertThat(failure(guard.send(Call.of("echo", 1).within(Duration.ofMillis(50)))))
        .isInstanceOf(TimedOut.class);
    assertThat(links.last().cancelled).isEqualTo(1);
    CompletionStage<Result> next = send(2);
    late.countDown();
    assertThat(next.toCompletableFuture().get(20, TimeUnit.SECONDS).value()).isEqualTo(2);
    assertThat(links.last().resynchronised).isEqualTo(1);
    assertThat(guard.status().counts().timedOut()).isEqualTo(1);
    assertThat(driver.instances).hasSize(1);
  }

  @Test
  void goesOnAfterADriverThatThrowsAnError() {
    driver.onEcho =
        n -> {
          throw new StackOverflowError();
        };
    ready();
    assertThatThrownBy(() -> guard.call("echo", 1))
        .isInstanceOf(Faulted.class)
        .hasMessage("ECHO.echo: the driver failed: stack overflow error");
    driver.onEcho = n -> n;
    assertThat(guard.call("echo", 2)).isEqualTo(2);
    assertThat(world.mistakes).hasSize(1);
  }

  @Test
  void goesOnAfterAnExceptionThatCannotSayWhatItIs() {
    class Speechless extends RuntimeException {
      private static final long serialVersionUID = 1L;

      @Override
      public String getMessage() {
        throw new IllegalStateException("not even that");
      }
    }
    driver.onEcho =
        n -> {
          throw new Speechless();
        };
    ready();
    assertThatThrownBy(() -> guard.call("echo", 1))
        .isInstanceOf(Faulted.class)
        .hasMessage("ECHO.echo: the driver failed: speechless");
    driver.onEcho = n -> n;
    assertThat(guard.call("echo", 2)).isEqualTo(2);
    assertThat(world.mistakes).hasSize(1);
  }

  @Test
  void anExceptionThatHangsWhenAskedHoldsItsOwnInstrumentAlone() {
    class Endless extends RuntimeException {
      private static final long serialVersionUID = 1L;

      @Override
      public String getMessage() {
        return "never said " + hang(0);
      }
    }
    driver.onEcho =
        n -> {
          throw new Endless();
        };
    ready();
    assertThatThrownBy(() -> guard.call(Call.of("echo", 1).within(Duration.ofMillis(100))))
        .isInstanceOf(TimedOut.class);
    becomes(State.FAULT);
    assertThat(guard.status().reason()).isEqualTo(Reason.STUCK);
    assertThat(world.mistakes).isEmpty();
  }

  @Test
  void keepsTheBeginningOfWhatADriverSaysAtLength() {
    driver.onEcho =
        n -> {
          throw n == 1
              ? new IllegalStateException("m".repeat(1_000_000))
              : new Garbled("g".repeat(1_000_000));
        };
    ready();
    assertThatThrownBy(() -> guard.call("echo", 1)).message().hasSizeLessThan(3000);
    assertThatThrownBy(() -> guard.call("echo", 2)).isInstanceOf(Garbled.class);
    assertThat(world.mistakes.get(0).toString()).startsWith("java.lang.IllegalStateException: mmm");
    assertThat(world.mistakes.get(0).toString()).hasSizeLessThan(3000);
    assertThat(guard.errors()).allSatisfy(e -> assertThat(e.text()).hasSizeLessThan(3000));
  }

  @Test
  void followsCausesThatGoRoundInACircle() {
    RuntimeException one = new RuntimeException("one");
    RuntimeException two = new RuntimeException("two", one);
    one.initCause(two);
    driver.onEcho =
        n -> {
          throw two;
        };
    ready();
    assertThatThrownBy(() -> guard.call("echo", 1)).hasMessageEndingWith("two");
    assertThat(world.mistakes.get(0)).hasRootCauseMessage("java.lang.RuntimeException: two");
  }

  @Test
  void anAnswerThatFailsWhenReadIsAFaultThoughItComesLater() {
    driver.onEcho = n -> CompletableFuture.completedFuture(new Unreadable());
    ready();
    assertThatThrownBy(() -> guard.call("echo", 1))
        .isInstanceOf(Faulted.class)
        .hasMessage("ECHO.echo: the driver failed: unreadable");
    driver.onEcho = n -> n;
    assertThat(guard.call("echo", 2)).isEqualTo(2);
  }

  /** An answer that is code of the driver. */
  private static final class Unreadable {
    @Override
    public String toString() {
      throw new IllegalStateException("unreadable");
    }
  }

  @Test
  void aStageThatCannotBeFollowedIsAFault() {
    driver.onEcho = n -> unfollowable();
    driver.onStop = GuardTest::unfollowable;
    ready();
    for (Call call : List.of(Call.of("echo", 1), Call.of("stop"))) {
      assertThatThrownBy(() -> guard.call(call))
          .isInstanceOf(Faulted.class)
          .hasMessageEndingWith("the driver failed: nobody follows me");
    }
    driver.onEcho = n -> n;
    assertThat(guard.call("echo", 2)).isEqualTo(2);
  }

  private static CompletableFuture<Integer> unfollowable() {
    return new CompletableFuture<>() {
      @Override
      public CompletableFuture<Integer> whenComplete(
          BiConsumer<? super Integer, ? super Throwable> action) {
        throw new IllegalStateException("nobody follows me");
      }
    };
  }

  @Test
  void anInterruptThatADriverKeepsIsNotTheNextCalls() {
    AtomicBoolean interrupted = new AtomicBoolean();
    driver.onEcho =
        n -> {
          interrupted.set(Thread.currentThread().isInterrupted());
          Thread.currentThread().interrupt();
          return n;
        };
    ready();
    guard.call("echo", 1);
    guard.call("echo", 2);
    assertThat(interrupted).isFalse();
  }

  @Test
  void refusesAnAnswerOfTheWrongType() {
    driver.onEcho = n -> "banana";
    ready();
    assertThatThrownBy(() -> guard.call("echo", 1))
        .isInstanceOf(Faulted.class)
        .hasMessageContaining("'banana' is not an int");
  }

  @Test
  void anUrgentCommandRunsBesideTheRunningOne() throws Exception {
    driver.onEcho = this::hang;
    driver.onStop =
        () -> {
          release.countDown();
          return 1;
        };
    ready();
    CompletionStage<Result> running = send(9);
    assertThat(guard.await(() -> guard.phase() == Phase.BUSY, PATIENCE)).isTrue();
    CompletionStage<Result> waiting = send(10);
    assertThat(guard.call("stop")).isEqualTo(1);
    assertThat(running.toCompletableFuture().get(20, TimeUnit.SECONDS).value()).isEqualTo(9);
    assertThat(waiting.toCompletableFuture().get(20, TimeUnit.SECONDS).value()).isEqualTo(10);
  }

  @Test
  void anUrgentCommandThatNeverReturnsIsAFaultToo() {
    driver.onStop = () -> hang(0);
    ready();
    // Long enough for its thread to come to the driver on a busy machine.
    assertThat(failure(guard.send(Call.of("stop").within(Duration.ofMillis(500)))))
        .isInstanceOf(TimedOut.class);
    becomes(State.FAULT);
    assertThat(guard.status().text()).contains("did not return from ECHO.stop");
  }

  @Test
  void aStageHoldsTheGuardUntilItIsComplete() throws Exception {
    CompletableFuture<Object> stage = new CompletableFuture<>();
    driver.onEcho = n -> n == 1 ? stage : n;
    ready();
    CompletionStage<Result> move = send(1);
    assertThat(guard.await(() -> guard.phase() == Phase.WAITING, PATIENCE)).isTrue();
    CompletionStage<Result> next = send(2);
    assertThat(driver.seen).containsExactly(1);
    stage.complete(1);
    assertThat(move.toCompletableFuture().get(20, TimeUnit.SECONDS).value()).isEqualTo(1);
    assertThat(next.toCompletableFuture().get(20, TimeUnit.SECONDS).value()).isEqualTo(2);
  }

  @Test
  void cancelsAStageWhoseDeadlinePasses() {
    CompletableFuture<Object> stage = new CompletableFuture<>();
    driver.onEcho = n -> n == 1 ? stage : n;
    ready();
    assertThatThrownBy(() -> guard.call(Call.of("echo", 1).within(Duration.ofMillis(20))))
        .isInstanceOf(TimedOut.class);
    assertThat(guard.call("echo", 2)).isEqualTo(2);
    assertThat(stage).isCancelled();
  }

  @Test
  void refusesTheCallThatDoesNotFitIntoTheQueue() {
    driver.onEcho = this::hang;
    ready();
    send(0);
    assertThat(guard.await(() -> guard.phase() == Phase.BUSY, PATIENCE)).isTrue();
    for (int i = 0; i < Waiting.QUEUE; i++) {
      send(i);
    }
    assertThat(failure(send(1)).code()).isEqualTo(ErrorCode.BUSY);
  }

  @Test
  void connectsAgainWithBackOffAndDoesNotInitialiseAgain() {
    ready();
    AtomicInteger failures = new AtomicInteger(4);
    driver.onConnect =
        () -> {
          if (failures.getAndDecrement() > 0) {
            throw new Unreachable(ErrorCode.NO_LINK, "127.0.0.1:5025 refused the connection");
          }
          return null;
        };
    driver.onEcho =
        n -> {
          throw new Unreachable(ErrorCode.NO_LINK, "127.0.0.1:5025 was closed by the peer");
        };
    assertThatThrownBy(() -> guard.call("echo", 1)).hasMessageContaining("closed by the peer");
    driver.onEcho = n -> n;
    becomes(State.READY);
    assertThat(driver.connects).hasValue(6);
    assertThat(driver.instances).as("the instance is kept").hasSize(1);
    assertThat(links.last().resets).isEqualTo(5);
  }

  @Test
  void saysWhyItIsOffline() {
    driver.onConnect =
        () -> {
          throw new Unreachable(ErrorCode.NO_LINK, "127.0.0.1:5025 refused the connection");
        };
    guard.want(run(driver.source("1.0")));
    becomes(State.OFFLINE);
    assertThat(guard.status().reason()).isEqualTo(Reason.NO_LINK);
    guard.want(run(null));
    assertThat(guard.await(() -> guard.status().reason() == Reason.NO_DRIVER, PATIENCE)).isTrue();
    assertThatThrownBy(() -> guard.call("echo", 1))
        .isInstanceOf(Unreachable.class)
        .hasMessage("ECHO is OFFLINE(no driver): no driver echo is installed");
  }

  @Test
  void noticesALinkThatIsLostWhileNobodyUsesIt() {
    ready();
    links.last().lost.accept("/dev/ttyUSB0 was unplugged");
    becomes(State.READY);
    assertThat(driver.connects).hasValue(2);
  }

  @Test
  void wrongSettingsAreAFaultThatIsNotTriedAgain() {
    driver.onMake =
        () -> {
          throw new IllegalArgumentException("seed: 'x' is not a long");
        };
    guard.want(run(driver.source("1.0")));
    becomes(State.FAULT);
    assertThat(guard.status().stateText()).isEqualTo("FAULT(configuration)");
    assertThat(guard.status().text()).isEqualTo("seed: 'x' is not a long");
    driver.onMake = () -> null;
    ready();
  }

  @Test
  void aSwapLosesNoCall() throws Exception {
    ready();
    AtomicBoolean going = new AtomicBoolean(true);
    AtomicInteger answers = new AtomicInteger();
    List<CompletableFuture<Void>> callers = new ArrayList<>();
    for (int c = 0; c < 4; c++) {
      callers.add(
          CompletableFuture.runAsync(
              () -> {
                for (int n = 0; going.get(); n = (n + 1) % 1000) {
                  assertThat(guard.call("echo", n)).isEqualTo(n);
                  answers.incrementAndGet();
                }
              },
              threads::run));
    }
    for (int i = 1; i <= 30; i++) {
      String version = "1." + i;
      guard.want(new Plan(Plan.Goal.RUN, spec(), driver.source(version), guard.lastGood()));
      assertThat(guard.await(guard::settled, PATIENCE)).isTrue();
      assertThat(guard.status().driverVersion()).isEqualTo(version + ".0");
    }
    going.set(false);
    for (CompletableFuture<Void> caller : callers) {
      caller.get(20, TimeUnit.SECONDS);
    }
    assertThat(answers.get()).isPositive();
    assertThat(driver.instances).hasSize(31);
    assertThat(driver.instances.stream().filter(i -> !i.closed)).hasSize(1);
  }

  @Test
  void goesBackToTheOldDriverWhenTheNewOneFailsAndTheWaitingCallSucceeds() throws Exception {
    ready();
    EchoDriver broken = new EchoDriver();
    CountDownLatch called = new CountDownLatch(1);
    broken.onConnect =
        () -> {
          called.await(20, TimeUnit.SECONDS);
          throw new IllegalStateException("the new driver is broken");
        };
    guard.want(new Plan(Plan.Goal.RUN, spec(), broken.source("2.0"), guard.lastGood()));
    assertThat(guard.status().state()).isEqualTo(State.SWAPPING);
    CompletionStage<Result> held = send(4);
    called.countDown();
    assertThat(held.toCompletableFuture().get(20, TimeUnit.SECONDS).value()).isEqualTo(4);
    assertThat(guard.status().driverVersion()).isEqualTo("1.0.0");
    assertThat(guard.errors().toString())
        .contains("the driver echo 2.0.0 was taken back: the new driver is broken");
  }

  @Test
  void keepsADriverThatHasWorkedWhenItsLinkIsLostLater() {
    ready();
    EchoDriver newer = new EchoDriver();
    guard.want(new Plan(Plan.Goal.RUN, spec(), newer.source("2.0"), guard.lastGood()));
    becomes(State.READY);
    newer.onConnect =
        () -> {
          throw new Unreachable(ErrorCode.NO_LINK, "unplugged");
        };
    links.last().lost.accept("unplugged");
    assertThat(guard.await(() -> newer.connects.get() > 3, PATIENCE)).isTrue();
    assertThat(guard.status().driverVersion()).isEqualTo("2.0.0");
    newer.onConnect = () -> null;
    becomes(State.READY);
    assertThat(guard.status().driverVersion()).isEqualTo("2.0.0");
    assertThat(guard.errors().toString()).doesNotContain("taken back");
  }

  @Test
  void aDriverThatDoesNotCloseIsGivenUp() {
    driver.onClose = () -> hang(0);
    ready();
    guard.want(run(new EchoDriver().source("2.0")));
    becomes(State.READY);
    assertThat(guard.status().driverVersion()).isEqualTo("2.0.0");
    assertThat(guard.status().stuckThreads()).isEqualTo(1);
  }

  @Test
  void stopsAndStarts() {
    ready();
    guard.want(new Plan(Plan.Goal.STOP, spec(), null, null));
    becomes(State.STOPPED);
    assertThat(driver.instances.getLast().closed).isTrue();
    assertThatThrownBy(() -> guard.call("echo", 1))
        .isInstanceOf(Refused.class)
        .hasMessage("ECHO is stopped");
    ready();
    assertThat(guard.call("echo", 1)).isEqualTo(1);
  }

  @Test
  void keepsTheInterruptOfACallerForLater() throws Exception {
    CountDownLatch entered = new CountDownLatch(1);
    driver.onEcho =
        n -> {
          entered.countDown();
          return hang(n);
        };
    ready();
    AtomicBoolean interrupted = new AtomicBoolean();
    AtomicInteger answer = new AtomicInteger();
    Thread caller =
        new Thread(
            () -> {
              answer.set((Integer) guard.call("echo", 8));
              interrupted.set(Thread.currentThread().isInterrupted());
            });
    caller.start();
    assertThat(entered.await(20, TimeUnit.SECONDS)).isTrue();
    caller.interrupt();
    release.countDown();
    caller.join(20_000);
    assertThat(answer).hasValue(8);
    assertThat(interrupted).isTrue();
  }

  @Test
  void anIdleInstrumentHoldsNoThread() {
    ready();
    guard.call("echo", 1);
    long until = System.nanoTime() + PATIENCE;
    while (Thread.getAllStackTraces().keySet().stream()
        .anyMatch(t -> t.getName().equals("guard ECHO"))) {
      assertThat(System.nanoTime()).isLessThan(until);
      Thread.onSpinWait();
    }
    assertThat(guard.call("echo", 2)).isEqualTo(2);
  }

  @Test
  void anUrgentCallOfAnInstanceThatWasGivenUpDoesNoHarmToTheNext() throws Exception {
    driver.onEcho = this::hang;
    driver.onStop = () -> hang(0);
    ready();
    CountDownLatch graceOver = new CountDownLatch(1);
    CompletionStage<Result> stop = guard.send(Call.of("stop").within(Duration.ofMillis(500)));
    threads.later(Duration.ofMillis(3000).toNanos(), graceOver::countDown);
    failure(guard.send(Call.of("echo", 1).within(Duration.ofMillis(10))));
    becomes(State.FAULT);
    assertThat(guard.status().stuckThreads()).as("both threads").isEqualTo(2);
    assertThat(failure(stop)).isInstanceOf(InstrumentException.class);
    driver.onEcho = n -> n;
    ready();
    assertThat(graceOver.await(20, TimeUnit.SECONDS)).isTrue();
    assertThat(guard.status().state()).isEqualTo(State.READY);
    assertThat(guard.call("echo", 5)).isEqualTo(5);
    release.countDown();
    assertThat(eventuallyNoThreadIsStuck()).isTrue();
  }

  @Test
  void anUrgentStageThatNeverCompletesHoldsNoThread() {
    driver.onStop =
        () ->
            new CompletableFuture<>() {
              @Override
              public boolean cancel(boolean mayInterrupt) {
                return false;
              }
            };
    ready();
    failure(guard.send(Call.of("stop").within(Duration.ofMillis(10))));
    becomes(State.FAULT);
    assertThat(guard.status().stuckThreads()).isZero();
  }

  @Test
  void cancelsAnUrgentStageWhoseDeadlinePasses() {
    CompletableFuture<Object> stage = new CompletableFuture<>();
    driver.onStop = () -> stage;
    ready();
    failure(guard.send(Call.of("stop").within(Duration.ofMillis(10))));
    assertThat(stage).failsWithin(Duration.ofSeconds(20));
    assertThat(stage).isCancelled();
    assertThat(guard.status().state()).isEqualTo(State.READY);
  }

  @Test
  void aSwapLetsUrgentCallsFinish() throws Exception {
    AtomicBoolean inside = new AtomicBoolean();
    AtomicBoolean closedInside = new AtomicBoolean();
    driver.onClose = () -> closedInside.set(inside.get());
    driver.onStop =
        () -> {
          inside.set(true);
          hang(0);
          inside.set(false);
          return 3;
        };
    ready();
    CompletionStage<Result> stop = guard.send(Call.of("stop"));
    eventually(inside::get);
    guard.want(run(new EchoDriver().source("2.0")));
    CompletionStage<Result> held = send(7);
    assertThat(guard.status().state()).isEqualTo(State.SWAPPING);
    assertThat(guard.await(() -> driver.instances.getLast().closed, 100_000_000L)).isFalse();
    release.countDown();
    assertThat(stop.toCompletableFuture().get(20, TimeUnit.SECONDS).value()).isEqualTo(3);
    assertThat(held.toCompletableFuture().get(20, TimeUnit.SECONDS).value()).isEqualTo(7);
    assertThat(closedInside).isFalse();
    assertThat(guard.status().driverVersion()).isEqualTo("2.0.0");
  }

  private static void eventually(BooleanSupplier condition) {
    long until = System.nanoTime() + PATIENCE;
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("waited too long").isLessThan(until);
      Thread.onSpinWait();
    }
  }

  @Test
  void anUrgentCallThatIsStuckWhileTheLinkIsLostIsAFaultToo() {
    driver.onStop = () -> hang(0);
    ready();
    driver.onConnect =
        () -> {
          throw new Unreachable(ErrorCode.NO_LINK, "127.0.0.1:5025 refused the connection");
        };
    CompletionStage<Result> stop = guard.send(Call.of("stop").within(Duration.ofMillis(100)));
    links.last().lost.accept("127.0.0.1:5025 was closed by the peer");
    assertThat(failure(stop)).isInstanceOf(TimedOut.class);
    becomes(State.FAULT);
    assertThat(guard.status().stuckThreads()).isEqualTo(1);
  }

  @Test
  void urgentCallsAreGivenUpWithTheirInstance() {
    AtomicBoolean interrupted = new AtomicBoolean();
    CountDownLatch entered = new CountDownLatch(1);
    driver.onStop =
        () -> {
          entered.countDown();
          interrupted.set((Integer) hang(1) < 0);
          return 0;
        };
    ready();
    CompletionStage<Result> stop = guard.send(Call.of("stop").within(Duration.ofMinutes(10)));
    eventually(() -> entered.getCount() == 0);
    guard.close();
    guard.abandon(null);
    assertThat(failure(stop)).isInstanceOf(TimedOut.class);
    assertThat(guard.phase()).isEqualTo(Phase.CLOSED);
    assertThat(guard.status().stuckThreads()).isEqualTo(1);
    assertThat(Thread.getAllStackTraces().keySet())
        .extracting(Thread::getName)
        .contains("guard ECHO stuck");
    release.countDown();
    assertThat(eventuallyNoThreadIsStuck()).isTrue();
    eventually(interrupted::get);
  }

  @Test
  void aDeadlineThatPassesBeforeTheCallIsQueuedHolds() {
    driver.onEcho = this::hang;
    ready();
    send(1);
    assertThat(guard.await(() -> guard.phase() == Phase.BUSY, PATIENCE)).isTrue();
    world.timerIsEarly = true;
    CompletionStage<Result> late = guard.send(Call.of("echo", 2).within(Duration.ofNanos(1)));
    world.timerIsEarly = false;
    assertThat(failure(late).code()).isEqualTo(ErrorCode.DEADLINE_IN_QUEUE);
    assertThat(guard.status().waiting()).isZero();
  }

  @Test
  void aCallThatNobodyWaitsForEndsAtItsDeadlineWhateverWasSentBefore() {
    driver.onEcho = this::hang;
    ready();
    CompletionStage<Result> running = guard.send(Call.of("echo", 1).within(Duration.ofDays(1)));
    CompletionStage<Result> long1 = guard.send(Call.of("echo", 2).within(Duration.ofDays(2)));
    CompletionStage<Result> short1 = guard.send(Call.of("echo", 3).within(Duration.ofMillis(40)));
    CompletionStage<Result> short2 = guard.send(Call.of("echo", 4).within(Duration.ofMillis(20)));
    CompletionStage<Result> short3 = guard.send(Call.of("echo", 5).within(Duration.ofMillis(60)));
    for (CompletionStage<Result> late : List.of(short1, short2, short3)) {
      assertThat(failure(late).code()).isEqualTo(ErrorCode.DEADLINE_IN_QUEUE);
    }
    assertThat(running.toCompletableFuture()).isNotDone();
    assertThat(long1.toCompletableFuture()).isNotDone();
    release.countDown();
    assertThat(long1.toCompletableFuture()).succeedsWithin(Duration.ofSeconds(30));
  }

  @Test
  void aCallWhoseFutureIsCancelledWhileItWaitsIsNotSent() {
    driver.onEcho = this::hang;
    ready();
    CompletionStage<Result> running = send(1);
    eventually(() -> !driver.seen.isEmpty());
    CompletionStage<Result> waits = send(2);
    CompletionStage<Result> last = send(3);
    waits.toCompletableFuture().cancel(true);
    assertThat(guard.status().waiting()).isEqualTo(1);
    // One that is in the driver goes on, for nobody.
    running.toCompletableFuture().cancel(true);
    assertThat(guard.phase()).isEqualTo(Phase.BUSY);
    release.countDown();
    assertThat(last.toCompletableFuture()).succeedsWithin(Duration.ofSeconds(30));
    assertThat(driver.seen).containsExactly(1, 3);
  }

  @Test
  void whatIsSubmittedCompletesOnTheDriversThreadAndUnderNoLock() {
    CountDownLatch go = new CountDownLatch(1);
    driver.onEcho =
        number -> {
          try {
            go.await();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
          return number;
        };
    ready();
    AtomicReference<String> completer = new AtomicReference<>();
    CompletableFuture<InstrumentStatus> asked =
        guard
            .submit(Call.of("echo", 1))
            .thenApply(
                result -> {
                  completer.set(Thread.currentThread().getName());
                  // from another thread, which would wait for a lock that is held
                  return CompletableFuture.supplyAsync(guard::status).join();
                })
            .toCompletableFuture();
    go.countDown();
    assertThat(asked).succeedsWithin(Duration.ofSeconds(30));
    assertThat(completer).hasValueSatisfying(name -> assertThat(name).contains("ECHO"));
    driver.onEcho = this::hang;
    CompletableFuture<Object> late =
        guard
            .submit(Call.of("echo", 1).within(Duration.ofMillis(20)))
            .<Object>handle(
                (result, failure) -> {
                  CompletableFuture.supplyAsync(guard::status).join();
                  return failure;
                })
            .toCompletableFuture();
    assertThat(late).succeedsWithin(Duration.ofSeconds(30)).isInstanceOf(TimedOut.class);
  }

  @Test
  void whatHangsOnASubmittedCallIsNotTakenForTheDriverThatIsRemoved() {
    DriverSource source = driver.source("1.0");
    guard.want(run(source));
    becomes(State.READY);
    driver.onEcho = this::hang;
    CompletableFuture<Boolean> hangs = new CompletableFuture<>();
    CountDownLatch given = new CountDownLatch(1);
    CountDownLatch removed = new CountDownLatch(1);
    guard
        .submit(Call.of("echo", 1))
        .thenRun(
            () -> {
              given.countDown();
              try {
                removed.await();
                hangs.complete(true);
              } catch (InterruptedException e) {
                hangs.complete(false);
              }
            });
    CompletionStage<Result> following = send(2);
    release.countDown();
    eventually(() -> given.getCount() == 0);
    guard.abandon(source);
    assertThat(failure(following)).isInstanceOf(TimedOut.class);
    assertThat(guard.status().stuckThreads()).as("threads in the driver").isZero();
    removed.countDown();
    assertThat(hangs).succeedsWithin(Duration.ofSeconds(30)).isEqualTo(true);
    // Its thread is back once there is another one.
    ready();
    assertThat(guard.call("echo", 3)).isEqualTo(3);
    assertThat(driver.seen).as("the driver that is removed is not entered").doesNotContain(2);
  }

  @Test
  void aCallAfterTheEndIsRefusedAndNotForgotten() {
    ready();
    guard.close();
    threads.close();
    assertThat(failure(send(1)).code()).isEqualTo(ErrorCode.STOPPED);
  }

  @Test
  void closedIsClosed() {
    ready();
    guard.close();
    guard.want(run(driver.source("2.0")));
    assertThat(guard.await(() -> guard.phase() == Phase.CLOSED, PATIENCE)).isTrue();
    assertThat(driver.instances).hasSize(1);
  }

  @Test
  void aDriverThatWasNotMadeBeginsAnewWithFreshLinks() {
    AtomicInteger failures = new AtomicInteger(2);
    driver.onMake =
        () -> {
          if (failures.getAndDecrement() > 0) {
            throw new TimedOut("the operation on ASRL1 was cancelled");
          }
          return null;
        };
    ready();
    assertThat(links.sessions).hasSize(3);
    assertThat(links.sessions)
        .extracting(session -> session.closed)
        .containsExactly(true, true, false);
  }

  @Test
  void closesADriverThatFindsItsSettingsWrongOnlyWhenConnecting() {
    driver.onConnect =
        () -> {
          throw new Refused(ErrorCode.BAD_REQUEST, "channel 3 is not fitted");
        };
    guard.want(run(driver.source("1.0")));
    becomes(State.FAULT);
    assertThat(guard.status().text()).isEqualTo("channel 3 is not fitted");
    assertThat(driver.instances.getLast().closed).isTrue();
  }

  @Test
  void aDriversExceptionIsAskedWithoutTheLock() {
    AtomicInteger asked = new AtomicInteger();
    AtomicInteger blocked = new AtomicInteger();
    class Curious extends RuntimeException {
      private static final long serialVersionUID = 1L;

      @Override
      public String getMessage() {
        asked.incrementAndGet();
        CompletableFuture<Object> status = new CompletableFuture<>();
        threads.run(() -> status.complete(guard.status()));
        try {
          status.get(2, TimeUnit.SECONDS);
        } catch (Exception e) {
          blocked.incrementAndGet();
        }
        return "mine";
      }
    }
    driver.onEcho =
        n -> {
          throw new Curious();
        };
    ready();
    assertThatThrownBy(() -> guard.call("echo", 1)).hasMessageContaining("the driver failed: mine");
    assertThat(asked).hasPositiveValue();
    assertThat(blocked).hasValue(0);
  }

  @Test
  void anUrgentCallThatMustWaitIsTheFirstInTheQueue() throws Exception {
    ready();
    CountDownLatch connecting = new CountDownLatch(1);
    driver.onConnect = () -> connecting.await(20, TimeUnit.SECONDS);
    List<Integer> before = new java.util.concurrent.CopyOnWriteArrayList<>();
    driver.onStop =
        () -> {
          before.add(driver.seen.size());
          return 0;
        };
    links.last().lost.accept("unplugged");
    assertThat(guard.await(() -> guard.phase() == Phase.STARTING, PATIENCE)).isTrue();
    for (int i = 0; i < Waiting.QUEUE; i++) {
      send(i);
    }
    CompletionStage<Result> stop = guard.send(Call.of("stop"));
    connecting.countDown();
    assertThat(stop.toCompletableFuture().get(20, TimeUnit.SECONDS).value()).isEqualTo(0);
    assertThat(before).containsExactly(0);
  }

  @Test
  void aStopIsNotUndoneByAMoveThatIsUnderWay() throws Exception {
    ready();
    CountDownLatch choosing = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    List<DriverSource> sources = List.of(driver.source("2.0"));
    try (Mover mover =
        new Mover(
            () -> List.of(guard),
            () -> {
              choosing.countDown();
              try {
                go.await();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
              return sources;
            },
            Mover.PATIENCE,
            late -> {})) {
      mover.reconsider("echo");
      assertThat(choosing.await(20, TimeUnit.SECONDS)).isTrue();
      Thread stopper = new Thread(() -> mover.stop(guard));
      stopper.start();
      eventually(() -> !stopper.isAlive() || stopper.getState() == Thread.State.BLOCKED);
      go.countDown();
      stopper.join(20_000);
      eventually(mover::idle);
      becomes(State.STOPPED);
    }
  }

  @Test
  void doesNotGoBackToADriverThatIsGone() throws Exception {
    DriverSource old = driver.source("1.0");
    guard.want(run(old));
    becomes(State.READY);
    EchoDriver broken = new EchoDriver();
    CountDownLatch gone = new CountDownLatch(1);
    broken.onConnect =
        () -> {
          gone.await(20, TimeUnit.SECONDS);
          throw new IllegalStateException("the new driver is broken");
        };
    guard.want(new Plan(Plan.Goal.RUN, spec(), broken.source("2.0"), guard.lastGood()));
    assertThat(guard.await(() -> guard.phase() == Phase.STARTING, PATIENCE)).isTrue();
    old.forget();
    gone.countDown();
    becomes(State.OFFLINE);
    assertThat(guard.status().text()).isEqualTo("the new driver is broken");
    broken.onConnect = () -> null;
    becomes(State.READY);
    assertThat(guard.status().driverVersion()).isEqualTo("2.0.0");
  }

  @Test
  void aThreadOfThePoolForgetsTheClassLoaderThatADriverLeft() throws Exception {
    ClassLoader foreign = new ClassLoader() {};
    List<ClassLoader> found = new java.util.concurrent.CopyOnWriteArrayList<>();
    Set<Thread> used = java.util.concurrent.ConcurrentHashMap.newKeySet();
    eventually(
        () -> {
          CountDownLatch done = new CountDownLatch(1);
          AtomicBoolean again = new AtomicBoolean();
          threads.run(
              () -> {
                again.set(!used.add(Thread.currentThread()));
                found.add(Thread.currentThread().getContextClassLoader());
                Thread.currentThread().setContextClassLoader(foreign);
                done.countDown();
              });
          try {
            return done.await(20, TimeUnit.SECONDS) && again.get();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
        });
    assertThat(found).doesNotContain(foreign);
  }
}
